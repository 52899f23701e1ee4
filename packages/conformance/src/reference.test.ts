import { reference } from '@retnet/core'
import { describe } from 'vitest'
import { primitive } from './primitive.js'
import { testBackend } from './vitest.js'

describe('the reference backend', () => testBackend(reference))
describe('the reference backend with every decomposition', () => testBackend(primitive))
