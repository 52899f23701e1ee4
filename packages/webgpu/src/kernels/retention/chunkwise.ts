/**
 * Chunkwise form in five kernels: steps, keys-values of each chunk, scan of the state over the chunks, scores, output.
 *
 * Within chunk n let e_t be the number of unmasked tokens up to and including t in the direction of the pass and E their total.
 *
 *     KV_n = sum_m gamma^(E - e_m + r) k_m^T v_m          S_(n+1) = gamma^E S_n + KV_n
 *     o_t  = sum_m gamma^(e_t - e_m) (q_t . k_m) v_m + gamma^(e_t - r) q_t S_n
 *
 * r is 1 in reverse, where a token decays after it is read, else 0. Derivation: packages/core/src/retention/README.md.
 */
import { kernel, read, write } from '../../compile/kernel.js'
import type { Slot } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { stateText } from '../state/state-text.js'
import { type Retention, maskBinding } from './shape.js'

export interface Chunks extends Retention {
  readonly chunk: number
  readonly count: number
  /** e_t, i32 [B, T]; and E, i32 [B, chunks]. */
  readonly steps: Slot
  readonly totals: Slot
  /** KV_n, then S_n: [B, H, chunks, Dk, Dv]. */
  readonly blocks: Slot
  /** [B, H, chunks, C, C] */
  readonly scores: Slot
}

export function emitChunkwise(retention: Retention, chunk: number, lowering: Lowering): void {
  const chunks = inChunks(retention, chunk, lowering)
  emitBlocks(chunks, lowering)
  emitScan(chunks, lowering)
  emitScores(chunks, lowering)
  emitOutput(chunks, lowering)
}

/** Scratch memory of the chunkwise form; emits the kernel that counts the steps. */
export function inChunks(retention: Retention, chunk: number, lowering: Lowering): Chunks {
  const { batch, length, heads, keyWidth, valueWidth } = retention
  const count = Math.ceil(length / chunk)
  return {
    ...retention,
    chunk,
    count,
    ...stepsOf(retention, chunk, lowering),
    blocks: lowering.scratch(batch * heads * count * keyWidth * valueWidth * 4),
    scores: lowering.scratch(batch * heads * count * chunk * chunk * 4),
  }
}

type Steps = Pick<Chunks, 'steps' | 'totals'>

const known = new WeakMap<Lowering, Map<string, Steps>>()

/** The layers of a model count the same steps: once is enough. */
function stepsOf(retention: Retention, chunk: number, lowering: Lowering): Steps {
  const { batch, length, reverse, mask } = retention
  const ofLowering = known.get(lowering) ?? new Map<string, Steps>()
  known.set(lowering, ofLowering)
  const key = [batch, length, chunk, reverse, JSON.stringify(mask)].join(' ')
  const made = ofLowering.get(key) ?? emitSteps(retention, chunk, lowering)
  ofLowering.set(key, made)
  return made
}

function emitSteps(retention: Retention, chunk: number, lowering: Lowering): Steps {
  const { batch, length, reverse, mask } = retention
  const count = Math.ceil(length / chunk)
  const total = batch * count
  const made = { steps: lowering.scratch(batch * length * 4), totals: lowering.scratch(total * 4) }
  lowering.emit(
    kernel({
      name: 'retention.steps',
      bindings: [...maskBinding(retention), write('steps', made.steps, 'i32'), write('totals', made.totals, 'i32')],
      lanes: 64,
      workgroups: [Math.ceil(total / 64)],
      body: `let index = group.x * 64u + lane;
if (index >= ${total}u) { return; }
let b = index / ${count}u;
let start = index % ${count}u * ${chunk}u;
let size = min(${chunk}u, ${length}u - start);
var seen = 0;
for (var i = 0u; i < size; i++) {
  let t = b * ${length}u + start + ${reverse ? 'size - 1u - i' : 'i'};
  seen += ${mask ? 'live[t]' : '1'};
  steps[t] = seen;
}
totals[index] = seen;`,
    }),
  )
  return made
}

/** One lane makes 4 x 4 numbers of a block. */
function emitBlocks(chunks: Chunks, lowering: Lowering): void {
  const { batch, length, heads, keyWidth, valueWidth, chunk, count, reverse, mask } = chunks
  const [down, across] = [Math.ceil(keyWidth / 4), Math.ceil(valueWidth / 4)]
  lowering.emit(
    kernel({
      name: 'retention.blocks',
      bindings: [
        read('k', chunks.k),
        read('v', chunks.v),
        ...maskBinding(chunks),
        read('rates', chunks.rates),
        read('steps', chunks.steps, 'i32'),
        read('totals', chunks.totals, 'i32'),
        write('blocks', chunks.blocks),
      ],
      lanes: 64,
      workgroups: [Math.ceil((down * across) / 64), count, batch * heads],
      body: `${blockIndex(down * across, heads)}
let i = index / ${across}u * 4u;
let j = index % ${across}u * 4u;
let all = totals[b * ${count}u + n];
${four((c) => `let i${c} = min(i + ${c}u, ${keyWidth - 1}u); let j${c} = min(j + ${c}u, ${valueWidth - 1}u); var sum${c} = vec4f();`)}
for (var t = n * ${chunk}u; t < min((n + 1u) * ${chunk}u, ${length}u); t++) {
  ${mask ? `if (live[b * ${length}u + t] == 0) { continue; }` : ''}
  let weight = exp2(rates[h] * f32(all - steps[b * ${length}u + t] + ${reverse ? 1 : 0}));
  let keys = ((b * ${length}u + t) * ${heads}u + h) * ${keyWidth}u;
  let values = ((b * ${length}u + t) * ${heads}u + h) * ${valueWidth}u;
  let value = weight * vec4f(v[values + j0], v[values + j1], v[values + j2], v[values + j3]);
  ${four((c) => `sum${c} += k[keys + i${c}] * value;`)}
}
let block = ((b * ${heads}u + h) * ${count}u + n) * ${keyWidth * valueWidth}u;
${four((c) => storeRow('blocks', `block + (i + ${c}u) * ${valueWidth}u + j`, `i + ${c}u < ${keyWidth}u`, `${valueWidth}u - j`, `sum${c}`))}`,
    }),
  )
}

/** Replaces each block by the state before its chunk, and the state by the one after the last. */
export function emitScan(chunks: Chunks, lowering: Lowering): void {
  const { batch, heads, keyWidth, valueWidth, count, reverse } = chunks
  const { slot, half } = chunks.state
  const text = stateText(half, 'f32')
  const size = (keyWidth * valueWidth) / (half ? 4 : 1)
  const total = batch * heads * size
  lowering.emit(
    kernel({
      name: 'retention.scan',
      bindings: [
        read('rates', chunks.rates),
        read('totals', chunks.totals, 'i32'),
        write('blocks', chunks.blocks, half ? 'vec4<f32>' : 'f32'),
        write('state', slot, text.element),
      ],
      lanes: 64,
      workgroups: [Math.ceil(total / 64)],
      declarations: text.declarations,
      body: `let index = group.x * 64u + lane;
if (index >= ${total}u) { return; }
let head = index / ${size}u;
let rate = rates[head % ${heads}u];
var s = ${text.load('index')};
for (var step = 0u; step < ${count}u; step++) {
  let n = ${reverse ? `${count - 1}u - step` : 'step'};
  let at = (head * ${count}u + n) * ${size}u + index % ${size}u;
  let added = blocks[at];
  blocks[at] = s;
  s = exp2(rate * f32(totals[head / ${heads}u * ${count}u + n])) * s + added;
}
${text.store('index', 's')}`,
    }),
  )
}

/** gamma^(e_t - e_m) q_t . k_m for the pairs that may see each other, else 0; 4 x 4 a lane. */
function emitScores(chunks: Chunks, lowering: Lowering): void {
  const { batch, length, heads, keyWidth, chunk, count, reverse, mask } = chunks
  const side = Math.ceil(chunk / 4)
  lowering.emit(
    kernel({
      name: 'retention.scores',
      bindings: [
        read('q', chunks.q),
        read('k', chunks.k),
        ...maskBinding(chunks),
        read('rates', chunks.rates),
        read('steps', chunks.steps, 'i32'),
        write('scores', chunks.scores),
      ],
      lanes: 64,
      workgroups: [Math.ceil((side * side) / 64), count, batch * heads],
      declarations: `fn keysAt(b: u32, t: u32, h: u32) -> u32 { return ((b * ${length}u + t) * ${heads}u + h) * ${keyWidth}u; }`,
      body: `${blockIndex(side * side, heads)}
let row = index / ${side}u * 4u;
let column = index % ${side}u * 4u;
let start = n * ${chunk}u;
${four((c) => `let t${c} = min(start + row + ${c}u, ${length - 1}u); let m${c} = min(start + column + ${c}u, ${length - 1}u); let q${c} = keysAt(b, t${c}, h); let k${c} = keysAt(b, m${c}, h); var sum${c} = vec4f();`)}
if (${reverse ? 'row <= column + 3u' : 'row + 3u >= column'}) {
  for (var i = 0u; i < ${keyWidth}u; i++) {
    let keys = vec4f(k[k0 + i], k[k1 + i], k[k2 + i], k[k3 + i]);
    ${four((c) => `sum${c} += q[q${c} + i] * keys;`)}
  }
}
let columns = array<u32, 4>(m0, m1, m2, m3);
let rows = array<u32, 4>(t0, t1, t2, t3);
let sums = array<vec4f, 4>(sum0, sum1, sum2, sum3);
let base = ((b * ${heads}u + h) * ${count}u + n) * ${chunk * chunk}u;
for (var r = 0u; r < 4u; r++) {
  for (var c = 0u; c < 4u; c++) {
    let inside = row + r < ${chunk}u && column + c < ${chunk}u;
    if (!inside) { continue; }
    let seen = start + max(row + r, column + c) < ${length}u && row + r ${reverse ? '<=' : '>='} column + c
      ${mask ? `&& live[b * ${length}u + rows[r]] != 0 && live[b * ${length}u + columns[c]] != 0` : ''};
    let distance = steps[b * ${length}u + rows[r]] - steps[b * ${length}u + columns[c]];
    scores[base + (row + r) * ${chunk}u + column + c] = select(0.0, sums[r][c] * exp2(rates[h] * f32(max(distance, 0))), seen);
  }
}`,
    }),
  )
}

function emitOutput(chunks: Chunks, lowering: Lowering): void {
  const { batch, length, heads, keyWidth, valueWidth, chunk, count, reverse, mask } = chunks
  const [down, across] = [Math.ceil(chunk / 4), Math.ceil(valueWidth / 4)]
  lowering.emit(
    kernel({
      name: 'retention.output',
      bindings: [
        read('q', chunks.q),
        read('v', chunks.v),
        ...maskBinding(chunks),
        read('rates', chunks.rates),
        read('steps', chunks.steps, 'i32'),
        read('blocks', chunks.blocks),
        read('scores', chunks.scores),
        write('o', chunks.output),
      ],
      lanes: 64,
      workgroups: [Math.ceil((down * across) / 64), count, batch * heads],
      body: `${blockIndex(down * across, heads)}
let row = index / ${across}u * 4u;
let j = index % ${across}u * 4u;
let start = n * ${chunk}u;
${four((c) => `let t${c} = min(start + row + ${c}u, ${length - 1}u); let j${c} = min(j + ${c}u, ${valueWidth - 1}u); var sum${c} = vec4f();`)}
let block = ((b * ${heads}u + h) * ${count}u + n) * ${keyWidth * valueWidth}u;
${four((c) => `let q${c} = ((b * ${length}u + t${c}) * ${heads}u + h) * ${keyWidth}u;`)}
for (var i = 0u; i < ${keyWidth}u; i++) {
  let at = block + i * ${valueWidth}u;
  let s = vec4f(blocks[at + j0], blocks[at + j1], blocks[at + j2], blocks[at + j3]);
  ${four((c) => `sum${c} += q[q${c} + i] * s;`)}
}
${four((c) => `sum${c} *= exp2(rates[h] * f32(max(steps[b * ${length}u + t${c}] - ${reverse ? 1 : 0}, 0)));`)}
${mask ? four((c) => `if (live[b * ${length}u + t${c}] == 0) { sum${c} = vec4f(); }`) : ''}
let base = ((b * ${heads}u + h) * ${count}u + n) * ${chunk * chunk}u;
let size = min(${chunk}u, ${length}u - start);
for (var m = ${reverse ? 'row' : '0u'}; m < ${reverse ? 'size' : 'min(row + 4u, size)'}; m++) {
  ${mask ? `if (live[b * ${length}u + start + m] == 0) { continue; }` : ''}
  let values = ((b * ${length}u + start + m) * ${heads}u + h) * ${valueWidth}u;
  let value = vec4f(v[values + j0], v[values + j1], v[values + j2], v[values + j3]);
  ${four((c) => `sum${c} += scores[base + min(row + ${c}u, ${chunk - 1}u) * ${chunk}u + m] * value;`)}
}
${four((c) => storeRow('o', `((b * ${length}u + t${c}) * ${heads}u + h) * ${valueWidth}u + j`, `row + ${c}u < size`, `${valueWidth}u - j`, `sum${c}`))}`,
    }),
  )
}

/** `index` within the chunk, chunk `n`, row `b`, head `h`; or return. */
function blockIndex(total: number, heads: number): string {
  return `let index = group.x * 64u + lane;
if (index >= ${total}u) { return; }
let n = group.y;
let b = group.z / ${heads}u;
let h = group.z % ${heads}u;`
}

function four(line: (index: number) => string): string {
  return [0, 1, 2, 3].map(line).join('\n')
}

function storeRow(target: string, offset: string, condition: string, left: string, value: string): string {
  return `if (${condition}) { for (var c = 0u; c < min(4u, ${left}); c++) { ${target}[${offset} + c] = ${value}[c]; } }`
}
