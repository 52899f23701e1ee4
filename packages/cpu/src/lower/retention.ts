/** Chooses the form of each retention and writes its call. All forms are one function; see assembly/retention.ts. */
import type { GraphNode } from '@retnet/core'
import { Opcode } from '../opcode.js'
import type { Lowering } from '../plan/lowering.js'
import type { Place } from '../plan/record.js'
import type { LowerRules } from './rules.js'

/** Tokens up to which stepping beats the chunk products (measured). */
const shortLength = 6
/** Columns of Dv below which cutting a head into slices costs more than it spreads. */
const narrowSlice = 32
const smallestNormal = 1.1754943508222875e-38

interface Form {
  readonly name: 'recurrent' | 'parallel' | 'chunkwise'
  readonly chunk: number
}

function chooseForm(l: Lowering, length: number): Form {
  const { form, chunk } = l.options
  if (form === 'recurrent' || (form === 'auto' && length <= shortLength)) return { name: 'recurrent', chunk: 1 }
  if (form === 'parallel') return { name: 'parallel', chunk: Math.max(length, 1) }
  if (form === 'chunkwise') return { name: 'chunkwise', chunk }
  return length <= chunk ? { name: 'parallel', chunk: length } : { name: 'chunkwise', chunk }
}

/** gamma^0 .. gamma^chunk of each head from float64; powers too small for a normal float32 are zeros. */
function powerTable(logDecay: readonly number[], chunk: number): Float32Array {
  const table = new Float32Array(logDecay.length * (chunk + 1))
  for (const [head, log] of logDecay.entries()) {
    for (let n = 0; n <= chunk; n++) {
      const power = n === 0 ? 1 : Math.exp(n * log)
      table[head * (chunk + 1) + n] = power < smallestNormal ? 0 : power
    }
  }
  return table
}

/** Slices of Dv, so that (rows x heads x slices) spreads evenly over the threads. */
function sliceCount(units: number, valueWidth: number, threads: number): number {
  const most = Math.max(1, Math.floor(valueWidth / narrowSlice))
  for (let slices = 1; slices <= most; slices++) if ((units * slices) % threads === 0) return slices
  return units >= threads ? 1 : most
}

function lowerRetention(l: Lowering, node: GraphNode<'retention'>): void {
  const [q, k, v, mask, state] = node.inputs.map((value) => l.placeOrNull(value))
  const { logDecay, reverse } = node.attributes
  const [batch, length, heads, keyWidth] = l.shape(node.inputs[0]!)
  const valueWidth = l.shape(node.inputs[2]!)[3]
  const form = chooseForm(l, length)
  const table = l.shared(`powers ${form.chunk} ${logDecay.join()}`, () => l.constant(powerTable(logDecay, form.chunk)))
  const decay = l.shared(`decay ${logDecay.join()}`, () => l.constant(Float32Array.from(logDecay, Math.exp)))
  const [out, next] = [l.define(node.outputs[0]), l.define(node.outputs[1])]
  const slices = sliceCount(batch * heads, valueWidth, l.engine.threads)
  const sizes = [batch, length, heads, keyWidth, valueWidth]
  const words = [...sizes, q, k, v, mask, state, next, out, Number(reverse), table, form.chunk, slices, decay]
  const recurrent = form.name === 'recurrent'
  const perToken = keyWidth * valueWidth * 2 + (recurrent ? 0 : form.chunk * (keyWidth + valueWidth))
  l.emit(recurrent ? Opcode.RetentionRecurrent : Opcode.RetentionChunkwise, `retention.${form.name}`, words, {
    reads: [q, k, v, mask, state],
    writes: [out, next],
    inPlace: inPlacePairs(out, next, v, state),
    work: batch * length * heads * perToken,
    units: recurrent ? Infinity : batch * heads * slices,
    scratch: recurrent ? 0 : l.engine.gemmScratch + chunkScratch(length, form.chunk, keyWidth, valueWidth),
  })
}

function inPlacePairs(out: Place, next: Place, v: Place | null, state: Place | null) {
  return [
    [out, v],
    [next, state],
  ] as const
}

// The list of tokens, then copies of q, k, v, the output and the scores of one chunk.
function chunkScratch(length: number, chunk: number, keyWidth: number, valueWidth: number): number {
  return 4 * (length + 4 + chunk * (2 * keyWidth + 2 * valueWidth + chunk)) + 64
}

export const retentionRules: LowerRules<'retention'> = { retention: lowerRetention }
