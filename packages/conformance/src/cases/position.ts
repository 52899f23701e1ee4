import { type GraphBuilder, type RotaryAttributes, decayNorm, logDecays, positions, rotary } from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { type MaskKind, counting, listed, mask } from '../values/make.js'

const kinds: readonly MaskKind[] = ['full', 'left', 'right', 'holes', 'dead', 'ragged']
const layouts = ['interleaved', 'half'] as const
const ladders = ['inclusive', 'standard'] as const

const plain: RotaryAttributes = { layout: 'half', frequencies: 'standard', base: 10_000, inverse: false }

function rotaryCase(
  name: string,
  shape: readonly number[],
  attributes: Partial<RotaryAttributes>,
  first = 0,
): CaseBody {
  return {
    name,
    build: (g) => ({
      y: rotary(g.input('x', shape), g.input('place', shape.slice(0, 2), 'i32'), { ...plain, ...attributes }),
    }),
    values: { place: counting(first) },
  }
}

const variants = layouts.flatMap((layout) =>
  ladders.flatMap((frequencies) =>
    [false, true].map((inverse) => {
      const name = `${layout} pairs, ${frequencies} frequencies${inverse ? ', backwards' : ''}`
      return rotaryCase(name, [2, 63, 3, 16], { layout, frequencies, inverse })
    }),
  ),
)

/** The angle is position * frequency: at 100,000 its rounding to float32 alone would be 4e-3. */
const far = 100_000

export const positionCases: CasesOf<'positions' | 'rotary' | 'decayNorm'> = {
  positions: kinds.map((kind) => ({
    name: `${kind} mask, from 0, 5 and 100,000`,
    build: (g: GraphBuilder) => ({ ...positions(g.input('start', [3], 'i32'), g.input('mask', [3, 63], 'i32')) }),
    values: { start: listed(0, 5, far), mask: mask(kind) },
  })),
  rotary: [
    ...variants,
    rotaryCase('one token', [1, 1, 2, 8], {}, 7),
    rotaryCase('one pair', [1, 5, 2, 2], { frequencies: 'inclusive' }),
    rotaryCase('an odd number of pairs', [2, 5, 3, 14], { layout: 'interleaved' }),
    rotaryCase('another base', [1, 9, 2, 8], { base: 500 }),
    ...layouts.map((layout) => ({
      ...rotaryCase(`${layout} pairs, positions from 100,000`, [1, 100, 2, 32], { layout }, far),
      tolerance: 1e-4,
    })),
    {
      ...rotaryCase('positions that differ by row', [3, 2, 2, 8], {}),
      values: { place: listed(0, 1, 500, 501, 7, 7) },
    },
  ],
  decayNorm: [
    decayCase('from 0', [2, 129, 4, 5], logDecays('power', 4), 0),
    decayCase('linspace decays', [1, 63, 3, 16], logDecays('linspace', 3), 0),
    decayCase('gamma = 1', [1, 100, 2, 3], [0, -0.1], 0),
    decayCase('positions from 100,000', [1, 7, 12, 3], logDecays('power', 12), far),
    decayCase('gamma = 1, positions from 100,000', [1, 7, 1, 3], [0], far),
    decayCase('one token', [1, 1, 1, 1], [-0.5], 3),
  ],
}

function decayCase(name: string, shape: readonly number[], logDecay: readonly number[], first: number): CaseBody {
  return {
    name,
    build: (g) => ({ y: decayNorm(g.input('x', shape), g.input('place', shape.slice(0, 2), 'i32'), logDecay) }),
    values: { place: counting(first) },
  }
}
