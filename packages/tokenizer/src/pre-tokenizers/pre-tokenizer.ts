/**
 * What a pre-tokenizer is: it cuts `text[start .. end]` into pieces and hands each to `emit`, in order and without a copy. One that
 * changes the text hands out another string, and its origin where offsets are wanted.
 */
import type { Origin } from '../origin/origin.js'

export type EmitPiece = (text: string, start: number, end: number, origin?: Origin) => void

export type PreTokenizer = (text: string, start: number, end: number, emit: EmitPiece, origin?: Origin) => void
