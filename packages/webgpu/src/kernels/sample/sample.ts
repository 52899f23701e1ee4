/** Drawing a token from each row of logits, and taking it over: one workgroup a row, one lane a row. */
import type { Profile } from '../../device/profile.js'
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { LowerRules } from '../../compile/lowering.js'
import { listCapacity, listColumns } from './candidates.js'
import { sampleBody, sampleDeclarations } from './sample-text.js'

export const sampleKernels: LowerRules<'sample' | 'accept'> = {
  sample(node, _attributes, lowering) {
    const [logits, rules, seed, index, history, bias] = node.inputs
    const [rows, columns] = lowering.type(logits!).shape
    const text = { columns, lanes: lanesFor(lowering.profile, columns), history: history !== null, bias: bias !== null }
    lowering.emit(
      kernel({
        name: 'sample',
        bindings: [
          // bits, so that no compiler takes NaN and infinities for impossible
          read('logits', lowering.slot(logits!), 'u32'),
          read('rules', lowering.slot(rules!)),
          read('seed', lowering.slot(seed!), 'i32'),
          read('index', lowering.slot(index!), 'i32'),
          ...(history === null ? [] : [read('history', lowering.slot(history), 'i32')]),
          ...(bias === null ? [] : [read('bias', lowering.slot(bias))]),
          write('list', lowering.scratch(rows * listColumns * listCapacity(text) * 4), 'u32'),
          write('drawn', lowering.slot(node.outputs[0]), 'i32'),
        ],
        lanes: text.lanes,
        workgroups: [rows],
        declarations: sampleDeclarations(text),
        body: sampleBody(text),
      }),
    )
  },

  // the compiler has copied what is counted to its next value, unless both share memory
  accept(node, _attributes, lowering) {
    const [drawn, previous, mask, , history] = node.inputs
    const [token, alive, ends, next] = node.outputs
    const [rows, columns] = lowering.type(ends).shape
    const count = `let place = index * ${history === null ? 0 : lowering.type(history).shape[1]}u + u32(id);
  next[place] = max(next[place], 1) + 1;`
    lowering.emit(
      kernel({
        name: 'accept',
        bindings: [
          read('drawn', lowering.slot(drawn!), 'i32'),
          read('previous', lowering.slot(previous!), 'i32'),
          read('mask_', lowering.slot(mask!), 'i32'),
          write('token', lowering.slot(token), 'i32'),
          write('alive', lowering.slot(alive), 'i32'),
          write('ends', lowering.slot(ends), 'i32'),
          ...(history === null ? [] : [write('next', lowering.slot(next), 'i32')]),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(rows)],
        body: `${elementIndex(rows)}
let id = drawn[index];
let taken = id >= 0 && mask_[index] != 0;
token[index] = select(previous[index], id, taken);
var last = false;
if (taken) {
  let row = index * ${columns}u;
  last = ends[row] <= 1;
  ends[row] -= 1;
  for (var s = 1u; s < ${columns}u; s++) { last = last || ends[row + s] == id; }
  ${history === null ? '' : count}
}
alive[index] = select(mask_[index], 0, last);`,
      }),
    )
  },
}

/** More lanes for a large vocabulary: each reads its part of the logits many times. */
function lanesFor(profile: Profile, columns: number): number {
  if (!profile.barriers) return 4
  const most = columns > 16384 ? Math.min(1024, profile.maxWorkgroupSize) : 256
  return Math.min(most, Math.max(32, 2 ** Math.ceil(Math.log2(columns / 4))))
}
