/**
 * The products of chunkwise-tiles.ts where their tiles round what they read to halves: the states before the chunks and the decayed scores
 * are rounded by the kernels that make them, once, instead of by each tile that reads them. The numbers are the same.
 */
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { type Slot, kernel, read, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { halvesText } from '../matmul/halves.js'
import type { TileProduct } from '../matmul/tile-product.js'
import { stateText } from '../state/state-text.js'
import { type Chunks, inChunks } from './chunkwise.js'
import {
  type OutputOperands,
  type Tiler,
  blocksProduct,
  chunkText,
  decayedScores,
  outputProduct,
  rates,
  scoresProduct,
  steps,
  suitsTiles,
  vectors,
} from './chunkwise-tiles.js'
import { type Retention, maskBinding } from './shape.js'

/** Halves are read eight at a time. */
export function suitsHalves(retention: Retention, chunk: number): boolean {
  return suitsTiles(retention, chunk) && retention.valueWidth % 8 === 0 && chunk % 8 === 0
}

export function emitChunkwiseHalves(retention: Retention, chunk: number, tiler: Tiler, lowering: Lowering): void {
  const chunks = inChunks(retention, chunk, lowering)
  const emit = (product: TileProduct) => lowering.emit(kernel(tiler(product)))
  emit(blocksProduct(chunks))
  const states = emitScan(chunks, lowering)
  emit(scoresProduct(chunks))
  const scores = emitScores(chunks, lowering)
  emit(outputProduct(chunks, operands(chunks, states, scores)))
}

function operands({ keyWidth, valueWidth, chunk }: Chunks, states: Slot, scores: Slot): OutputOperands {
  const state = (i: string, j: string) =>
    `states[(layer * ${keyWidth}u + min(${i}, ${keyWidth - 1}u)) * ${valueWidth / 8}u + min(${j}, ${valueWidth - 8}u) / 8u]`
  const score = (t: string, m: string) =>
    `weights[(layer * ${chunk}u + min(${t}, ${chunk - 1}u)) * ${chunk / 8}u + min(${m}, ${chunk - 8}u) / 8u]`
  return {
    bindings: [read('states', states, 'vec4<u32>'), read('weights', scores, 'vec4<u32>')],
    declarations: '',
    state: {
      along: 'outer',
      width: 8,
      at: (j, i) => (keyWidth % 32 === 0 ? state(i, j) : `select(vec4u(), ${state(i, j)}, ${i} < ${keyWidth}u)`),
    },
    scores: {
      along: 'inner',
      width: 8,
      at: (t, m) => (chunk % 32 === 0 ? score(t, m) : `select(vec4u(), ${score(t, m)}, ${m} < ${chunk}u)`),
    },
  }
}

/** The state before each chunk as halves, [B, H, chunks, Dk, Dv], from the blocks; and the state by the one after the last. */
function emitScan(chunks: Chunks, lowering: Lowering): Slot {
  const { batch, heads, keyWidth, valueWidth, count, reverse } = chunks
  const { slot, half } = chunks.state
  const text = stateText(half, 'vec4<f32>')
  const size = (keyWidth * valueWidth) / 4
  const total = batch * heads * size
  const states = lowering.scratch(total * count * 8)
  lowering.emit(
    kernel({
      name: 'retention.scan',
      bindings: [
        read('rates', chunks.rates),
        read('totals', chunks.totals, 'i32'),
        vectors('blocks', chunks.blocks),
        write('states', states, 'vec2<u32>'),
        write('state', slot, text.element),
      ],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: half ? text.declarations : halvesText,
      body: `${elementIndex(total)}
let head = index / ${size}u;
let rate = rates[head % ${heads}u];
var s = ${text.load('index')};
for (var step = 0u; step < ${count}u; step++) {
  let n = ${reverse ? `${count - 1}u - step` : 'step'};
  let at = (head * ${count}u + n) * ${size}u + index % ${size}u;
  states[at] = halves(s);
  s = exp2(rate * f32(totals[head / ${heads}u * ${count}u + n])) * s + blocks[at];
}
${text.store('index', 's')}`,
    }),
  )
  return states
}

/** The decayed scores as halves, [B, H, chunks, C, C]. */
function emitScores(chunks: Chunks, lowering: Lowering): Slot {
  const { batch, heads, count, chunk } = chunks
  const total = (batch * heads * count * chunk * chunk) / 8
  const slot = lowering.scratch(total * 16)
  lowering.emit(
    kernel({
      name: 'retention.decay',
      bindings: [
        vectors('scores', chunks.scores),
        ...maskBinding(chunks),
        rates(chunks),
        steps(chunks),
        write('weights', slot, 'vec4<u32>'),
      ],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: `${decayedScores(chunks)}\n${halvesText}`,
      body: `${elementIndex(total)}
let layer = index / ${(chunk * chunk) / 8}u;
let t = index / ${chunk / 8}u % ${chunk}u;
let m = index % ${chunk / 8}u * 8u;
${chunkText(chunks)}
weights[index] = vec4<u32>(halves(score(layer, h, start, size, t, m)), halves(score(layer, h, start, size, t, m + 4u)));`,
    }),
  )
  return slot
}
