import { reference } from '@retnet/core'
import { describe } from 'vitest'
import { cases } from './cases/cases.js'
import { primitive } from './primitive.js'
import { hasGradient } from './run/differentiate.js'
import { testBackend } from './vitest.js'

// the decomposition of retention is the parallel form, whichever was asked for
const repeated = cases.filter(({ form }) => form === 'recurrent' || form === 'chunkwise')
const skip = [
  {
    reason: 'a decomposition has one form',
    cases: [...repeated.map(({ id }) => id), ...repeated.filter(hasGradient).map(({ id }) => `gradient of ${id}`)],
  },
]

describe('the reference backend', () => testBackend(reference))
describe('the reference backend with every decomposition', () => testBackend(primitive, { skip }))
