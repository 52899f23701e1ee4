/** What a pre-tokenizer is: it cuts `text[start .. end]` into pieces and hands each to `emit`, in order and without a copy. */

export type EmitPiece = (text: string, start: number, end: number) => void

export type PreTokenizer = (text: string, start: number, end: number, emit: EmitPiece) => void
