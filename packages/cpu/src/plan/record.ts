/** A kernel call before addresses are known: what it reads and writes, and the words of its tape record. */
import type { Opcode } from '../opcode.js'

export type BufferKind = 'arena' | 'fixed' | 'state'

/** A stretch of memory that holds one or more values (a reshape shares the buffer of its operand). */
export interface PlanBuffer {
  readonly bytes: number
  kind: BufferKind
  /** Arena: offset in the arena. Fixed: address. State: offset in the state's block. */
  at: number
}

export interface Place {
  readonly buffer: PlanBuffer
  /** Bytes from the start of the buffer. */
  readonly offset: number
}

/** A word of a record: a whole number, a float32, or an address. */
export type Word = number | { readonly float: number } | Place

export interface KernelCall {
  readonly opcode: Opcode
  /** Kernel and variant, for `stats()`. */
  readonly name: string
  readonly words: readonly Word[]
  readonly reads: readonly PlanBuffer[]
  readonly writes: readonly PlanBuffer[]
  /** [output, input]: the kernel gives the right result when both are the same memory. */
  readonly inPlace: readonly (readonly [PlanBuffer, PlanBuffer])[]
  /** Rough number of multiply-adds or moved numbers, to decide whether helper threads are worth waking. */
  readonly work: number
  /** Pieces that the kernel can be cut into, at most. */
  readonly units: number
  /** Scratch bytes of each thread. */
  readonly scratch: number
}

export const float = (value: number): Word => ({ float: value })

/** The null pointer of an absent operand. */
export const nowhere = 0
