/** Counts the unmasked tokens before each, from where the row stands. */
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { GraphNode, Lowering } from '../../compile/lowering.js'

const lanes = 256
/** A row that one lane walks through about as fast. */
const short = 64

// reads `start` from its own slot: the compiler has copied it to `next` unless both are the same state
export function emitPositions(node: GraphNode<'positions'>, lowering: Lowering): void {
  const [, mask] = node.inputs as readonly number[]
  const [each, next] = node.outputs
  const [batch, length] = lowering.type(mask).shape
  const parallel = lowering.profile.barriers && length > short
  lowering.emit(
    kernel({
      name: 'positions',
      bindings: [
        read('mask_', lowering.slot(mask), 'i32'),
        write('each', lowering.slot(each), 'i32'),
        write('next', lowering.slot(next), 'i32'),
      ],
      lanes: parallel ? lanes : elementLanes,
      workgroups: [parallel ? batch : elementGroups(batch)],
      declarations: parallel ? `var<workgroup> sums: array<i32, ${lanes}>;` : '',
      body: parallel ? inParts(length) : oneByOne(batch, length),
    }),
  )
}

function oneByOne(batch: number, length: number): string {
  return `${elementIndex(batch)}
var count = next[index];
for (var t = 0u; t < ${length}u; t++) { each[index * ${length}u + t] = count; count += mask_[index * ${length}u + t]; }
next[index] = count;`
}

/** Each lane counts a part of the row, then begins where the parts before it end. */
function inParts(length: number): string {
  const part = Math.ceil(length / lanes)
  return `let row = group.x * ${length}u;
let begin = min(lane * ${part}u, ${length}u);
let end = min(begin + ${part}u, ${length}u);
var sum = 0;
for (var t = begin; t < end; t++) { sum += mask_[row + t]; }
sums[lane] = sum;
for (var step = 1u; step < ${lanes}u; step <<= 1u) {
  workgroupBarrier();
  let before = select(0, sums[max(lane, step) - step], lane >= step);
  workgroupBarrier();
  sums[lane] += before;
}
let start = next[group.x];
var count = start + sums[lane] - sum;
for (var t = begin; t < end; t++) { each[row + t] = count; count += mask_[row + t]; }
storageBarrier();
if (lane == ${lanes - 1}u) { next[group.x] = start + sums[lane]; }`
}
