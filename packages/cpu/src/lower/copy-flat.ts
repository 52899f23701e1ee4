import type { Lowering } from '../plan/lowering.js'
import type { Place } from '../plan/record.js'
import { copyBox } from './structure.js'

/** Copies a run of memory. */
export function copyFlat(l: Lowering, source: Place, target: Place, bytes: number): void {
  if (bytes > 0) copyBox(l, [bytes / 4], [source, [1]], [target, [1]])
}
