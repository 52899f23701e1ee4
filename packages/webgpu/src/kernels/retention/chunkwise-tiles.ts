/**
 * Chunkwise form for GPUs: the products of chunkwise.ts as tiles of workgroup memory. Decays are applied while operands are read:
 *
 *     KV_n = K^T (w V)          scores = Q K^T          O = (d Q) S_n + (scores * decay mask) V
 */
import { type Binding, type KernelSource, type Slot, kernel, read } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type TileOperand, type TileProduct, innerAlignment } from '../matmul/tile-product.js'
import { type Chunks, emitScan, inChunks } from './chunkwise.js'
import { type Retention, maskBinding } from './shape.js'

/** Makes a kernel of a product: register tiles in f32, or subgroup matrices, which round operands to halves. Sums and state stay in f32. */
export type Tiler = (product: TileProduct) => KernelSource

/** Reads are of four numbers at a time. */
export function suitsTiles({ keyWidth, valueWidth }: Retention, chunk: number): boolean {
  return [keyWidth, valueWidth, chunk].every((size) => size % 4 === 0 && size >= 16)
}

export function emitChunkwiseTiles(retention: Retention, chunk: number, tiler: Tiler, lowering: Lowering): void {
  const chunks = inChunks(retention, chunk, lowering)
  const emit = (product: TileProduct) => lowering.emit(kernel(tiler(product)))
  emit(blocksProduct(chunks))
  emitScan(chunks, lowering)
  emit(scoresProduct(chunks))
  emit(outputProduct(chunks, operandsInF32(chunks)))
}

/** KV_n [Dk, Dv]. */
export function blocksProduct(chunks: Chunks): TileProduct {
  const { keyWidth, valueWidth, chunk, count, heads, reverse } = chunks
  const weight = `exp2(rates[h] * f32(totals[b * ${count}u + n] - steps[row] + ${reverse ? 1 : 0}))`
  const own = [rates(chunks), steps(chunks), read('totals', chunks.totals, 'i32')]
  return {
    ...common(chunks, 'blocks', [vectors('k', chunks.k), vectors('v', chunks.v), ...maskBinding(chunks), ...own]),
    rows: keyWidth,
    columns: valueWidth,
    declarations: `${readRow('k', heads, keyWidth)}
${readRow('v', heads, valueWidth)}
fn key(b: u32, h: u32, start: u32, size: u32, t: u32, i: u32) -> vec4f {
  let row = start + min(t, size - 1u);
  return select(vec4f(), kAt(row, h, i), ${seen(chunks)});
}
fn value(b: u32, h: u32, n: u32, start: u32, size: u32, t: u32, j: u32) -> vec4f {
  let row = start + min(t, size - 1u);
  return select(vec4f(), ${weight} * vAt(row, h, j), ${seen(chunks)});
}`,
    terms: [
      {
        inner: chunk,
        a: { along: 'outer', width: 4, at: (i, t) => `key(b, h, start, size, ${t}, ${i})` },
        b: { along: 'outer', width: 4, at: (j, t) => `value(b, h, n, start, size, ${t}, ${j})` },
      },
    ],
    output: {
      slot: chunks.blocks,
      base: `layer * ${keyWidth * valueWidth}u`,
      stride: valueWidth,
      rowLimit: `${keyWidth}u`,
    },
  }
}

/** q_t . k_m [C, C], without decay; what lies beyond the chunk's end is never read. */
export function scoresProduct(chunks: Chunks): TileProduct {
  const { keyWidth, chunk, heads } = chunks
  const operand = (name: string): TileOperand => ({
    along: 'inner',
    width: 4,
    at: (t, i) => guard(`${name}At(start + min(${t}, size - 1u), h, ${i})`, i, keyWidth),
  })
  return {
    ...common(chunks, 'scores', [vectors('q', chunks.q), vectors('k', chunks.k)]),
    rows: chunk,
    columns: chunk,
    declarations: `${readRow('q', heads, keyWidth)}\n${readRow('k', heads, keyWidth)}`,
    terms: [{ inner: keyWidth, a: operand('q'), b: operand('k') }],
    output: { slot: chunks.scores, base: `layer * ${chunk * chunk}u`, stride: chunk, rowLimit: `${chunk}u` },
  }
}

/** The states before the chunks and the decayed scores, as the product that makes the output reads them. */
export interface OutputOperands {
  readonly bindings: readonly Binding[]
  readonly declarations: string
  readonly state: TileOperand // [Dk, Dv]
  readonly scores: TileOperand // [C, C]
}

function operandsInF32(chunks: Chunks): OutputOperands {
  const { keyWidth, valueWidth, chunk } = chunks
  return {
    bindings: [vectors('blocks', chunks.blocks), vectors('scores', chunks.scores)],
    declarations: `fn stateAt(layer: u32, i: u32, j: u32) -> vec4f {
  return blocks[(layer * ${keyWidth}u + min(i, ${keyWidth - 1}u)) * ${valueWidth / 4}u + min(j, ${valueWidth - 4}u) / 4u];
}
${decayedScores(chunks)}`,
    state: { along: 'outer', width: 4, at: (j, i) => guard(`stateAt(layer, ${i}, ${j})`, i, keyWidth) },
    scores: {
      along: 'inner',
      width: 4,
      at: (t, m) => `score(layer, h, start, size, min(${t}, ${chunk - 1}u), min(${m}, ${chunk - 4}u))`,
    },
  }
}

/** `score(layer, h, start, size, t, m)`: four scores of token t from m on, decayed; 0 for what t does not see. */
export function decayedScores({ chunk, reverse, mask }: Chunks): string {
  return `fn score(layer: u32, h: u32, start: u32, size: u32, t: u32, m: u32) -> vec4f {
  let four = scores[(layer * ${chunk}u + t) * ${chunk / 4}u + m / 4u];
  return vec4f(${[0, 1, 2, 3].map((c) => `decay(four[${c}], h, start, size, t, m + ${c}u)`).join(', ')});
}
fn decay(score: f32, h: u32, start: u32, size: u32, t: u32, m: u32) -> f32 {
  if (max(t, m) >= size || t ${reverse ? '>' : '<'} m) { return 0.0; }
  let distance = steps[start + t] - steps[start + m];
  return select(0.0, score * exp2(rates[h] * f32(max(distance, 0))), ${mask ? 'live[start + t] != 0 && live[start + m] != 0' : 'true'});
}`
}

/** o_t [C, Dv]. */
export function outputProduct(chunks: Chunks, { bindings, declarations, state, scores }: OutputOperands): TileProduct {
  const { keyWidth, valueWidth, chunk, heads, reverse } = chunks
  const inputs = [vectors('q', chunks.q), vectors('v', chunks.v), ...bindings]
  return {
    ...common(chunks, 'output', [...inputs, ...maskBinding(chunks), rates(chunks), steps(chunks)]),
    rows: chunk,
    columns: valueWidth,
    declarations: `${readRow('q', heads, keyWidth)}
${readRow('v', heads, valueWidth)}
fn query(b: u32, h: u32, start: u32, size: u32, t: u32, i: u32) -> vec4f {
  let row = start + min(t, size - 1u);
  return select(vec4f(), exp2(rates[h] * f32(max(steps[row] - ${reverse ? 1 : 0}, 0))) * qAt(row, h, i), ${seen(chunks)});
}
fn value(b: u32, h: u32, start: u32, size: u32, t: u32, j: u32) -> vec4f {
  let row = start + min(t, size - 1u);
  return select(vec4f(), vAt(row, h, j), ${seen(chunks)});
}
${declarations}`,
    terms: [
      {
        inner: keyWidth,
        a: { along: 'inner', width: 4, at: (t, i) => guard(`query(b, h, start, size, ${t}, ${i})`, i, keyWidth) },
        b: state,
      },
      {
        inner: chunk,
        a: scores,
        b: { along: 'outer', width: 4, at: (j, m) => `value(b, h, start, size, ${m}, ${j})` },
      },
    ],
    output: {
      slot: chunks.output,
      base: `(start * ${heads}u + h) * ${valueWidth}u`,
      stride: heads * valueWidth,
      rowLimit: 'size',
    },
  }
}

/** Layers are chunks: [B, H, chunks]. `start` counts tokens of all rows, so that k, v, q and steps are read at start + t. */
function common(chunks: Chunks, name: string, bindings: readonly Binding[]) {
  const { batch, heads, count } = chunks
  return {
    name: `retention.${name}`,
    layers: batch * heads * count,
    bindings,
    prologue: chunkText(chunks),
  }
}

/** Sets chunk, head and row of `layer`, the first token of the chunk and how many it has. */
export function chunkText({ heads, count, chunk, length }: Chunks): string {
  return `let n = layer % ${count}u;
let h = layer / ${count}u % ${heads}u;
let b = layer / ${count * heads}u;
let start = b * ${length}u + n * ${chunk}u;
let size = min(${chunk}u, ${length}u - n * ${chunk}u);`
}

/** Condition that token `row`, at place t of its chunk, is one and not masked. */
function seen({ mask }: Chunks): string {
  return `t < size${mask ? ' && live[row] != 0' : ''}`
}

export function vectors(name: string, slot: Slot): Binding {
  return read(name, slot, 'vec4<f32>')
}

export function rates({ rates: slot }: Chunks): Binding {
  return read('rates', slot)
}

export function steps({ steps: slot }: Chunks): Binding {
  return read('steps', slot, 'i32')
}

/** `NAMEAt(token, head, i)`: four numbers from i on of [B T, H, width]. */
function readRow(name: string, heads: number, width: number): string {
  return `fn ${name}At(row: u32, h: u32, i: u32) -> vec4f { return ${name}[(row * ${heads}u + h) * ${width / 4}u + min(i, ${width - 4}u) / 4u]; }`
}

function guard(value: string, at: string, extent: number): string {
  return extent % innerAlignment === 0 ? value : `select(vec4f(), ${value}, ${at} < ${extent}u)`
}
