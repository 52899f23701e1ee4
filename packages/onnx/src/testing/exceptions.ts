/** What this backend does not do, or does less exactly, by the ids of the checks. */
import { cases } from '@retnet/conformance'
import { noSampling } from '../emit/rules/sample.js'

export const skip = [
  { reason: noSampling, cases: cases.filter(({ op }) => op === 'sample' || op === 'accept').map(({ id }) => id) },
]

export const tolerance = [
  {
    reason: 'the runtime adds up thousands of numbers, which cancel, one after another in float32',
    value: 2e-4,
    cases: ['gradient of mul: [63, 100] and [1]', 'gradient of layerNorm: [2, 3, 129] with bias'],
  },
]

export const skipped: ReadonlySet<string> = new Set(skip.flatMap((exception) => exception.cases))
