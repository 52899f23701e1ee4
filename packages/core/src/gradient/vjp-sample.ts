import type { Vjps } from './vjp-table.js'

/** Tokens are integers: no gradient goes through a draw. */
export const sampleVjps: Vjps<'sample' | 'accept'> = {
  sample: ({ operands }) => operands.map(() => null),
  accept: ({ operands }) => operands.map(() => null),
}
