/** A normalizer turns text into other text, and notes what it changed where offsets are wanted. */
import type { Edits } from '../origin/origin.js'

export type Normalizer = (text: string, edits?: Edits) => string
