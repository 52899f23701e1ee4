/** Gives every slot of a lowered graph a buffer; activations whose lives do not overlap share one. */
import { type Graph, showType, sizeOf } from '@retnet/core'
import type { GpuMemory } from '../memory/gpu-memory.js'
import type { Slot } from './kernel.js'
import { type Lowered, resolve } from './lower.js'

export interface Plan {
  /** Buffer of a value that is not a state, of scratch memory or of a table. */
  buffer(slot: Slot): GPUBuffer
  readonly activations: readonly GPUBuffer[]
  readonly bytes: number
  dispose(): void
}

interface Life {
  readonly key: string
  /** Names it in errors. */
  readonly what: string
  readonly bytes: number
  first: number
  last: number
}

export function plan(graph: Graph, lowered: Lowered, memory: GpuMemory): Plan {
  const lives = livesOf(graph, lowered)
  const owned: GPUBuffer[] = []
  const placed = new Map<string, GPUBuffer>()
  const free: { buffer: GPUBuffer; from: number }[] = []
  for (const life of lives) {
    const fits = free.filter(
      ({ buffer, from }) => from <= life.first && buffer.size >= life.bytes && buffer.size <= 2 * life.bytes + 256,
    )
    const best = fits.sort((a, b) => a.buffer.size - b.buffer.size)[0]
    if (best) free.splice(free.indexOf(best), 1)
    const buffer = best?.buffer ?? memory.create(`${life.what} of ${graph.name}`, life.bytes)
    if (!best) owned.push(buffer)
    placed.set(life.key, buffer)
    free.push({ buffer, from: life.last + 1 })
  }
  const tables = lowered.tables.map((data, index) =>
    memory.upload(`table ${index}`, data as ArrayBufferView<ArrayBuffer>),
  )
  const all = [...owned, ...tables]
  return {
    buffer: (slot) => (slot.kind === 'table' ? tables[slot.index] : placed.get(keyOf(slot))!),
    activations: owned,
    bytes: all.reduce((total, buffer) => total + buffer.size, 0),
    dispose() {
      for (const buffer of all) memory.destroy(buffer)
    },
  }
}

export function keyOf(slot: Slot): string {
  if (slot.kind === 'value') return `value ${slot.value}`
  if (slot.kind === 'scratch') return `scratch ${slot.index}`
  return slot.kind === 'table' ? `table ${slot.index}` : `${slot.name} ${slot.part} ${slot.piece}`
}

/**
 * First and last kernel that touches each slot, in the order of the first. Outputs live to the end; so do inputs, which are read again
 * when the program repeats.
 */
function livesOf(graph: Graph, lowered: Lowered): Life[] {
  const lives = new Map<string, Life>()
  const states = new Set(graph.states.map(({ input }) => input))
  const touch = (slot: Slot, at: number) => {
    if (slot.kind === 'weight' || slot.kind === 'table' || (slot.kind === 'value' && states.has(slot.value))) return
    const key = keyOf(slot)
    const known = lives.get(key)
    if (known) {
      known.last = Math.max(known.last, at)
      return
    }
    const scratch = slot.kind === 'scratch'
    const bytes = scratch ? lowered.scratchBytes[slot.index] : sizeOf(graph.types[slot.value].shape) * 4
    const what = scratch
      ? `scratch memory of ${lowered.kernels[at].name}`
      : `activation ${showType(graph.types[slot.value])}`
    lives.set(key, { key, what, bytes, first: at, last: at })
  }
  for (const { value } of graph.inputs) {
    touch({ kind: 'value', value }, -1)
    touch({ kind: 'value', value }, lowered.kernels.length)
  }
  lowered.kernels.forEach((made, at) => made.bindings.forEach(({ slot }) => touch(slot, at)))
  const parameters = new Set(graph.parameters.map(({ value }) => value))
  for (const { value } of graph.outputs) {
    const root = resolve(lowered.aliases, value)
    if (!parameters.has(root)) touch({ kind: 'value', value: root }, lowered.kernels.length)
  }
  return [...lives.values()]
}
