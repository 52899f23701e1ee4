// The whole table on both runtimes in Node, with the operators of ONNX Runtime and with the standard ones.
import { backendChecks, cases } from '@retnet/conformance'
import { testBackend, testModels } from '@retnet/conformance/vitest'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { describe } from 'vitest'
import { onnx } from './backend/onnx.js'
import type { OnnxOptions } from './backend/onnx-options.js'
import { noSampling } from './emit/rules/sample.js'
import { loadFixture } from './testing/load-fixture.js'

const skip = [
  { reason: noSampling, cases: cases.filter(({ op }) => op === 'sample' || op === 'accept').map(({ id }) => id) },
]
const tolerance = [
  {
    reason: 'the runtime adds up thousands of numbers, which cancel, one after another in float32',
    value: 2e-4,
    cases: ['gradient of mul: [63, 100] and [1]', 'gradient of layerNorm: [2, 3, 129] with bias'],
  },
]

/** What standard operators write in another way: retention, and weights in 8 and 4 bits. */
const written = new Set(
  backendChecks
    .filter(({ id, encodings }) => /retention|RetNet/.test(id) || encodings.some((name) => name.startsWith('q')))
    .map(({ id }) => id),
)
const runtimes: readonly { readonly name: string; readonly options: OnnxOptions }[] = [
  { name: 'onnxruntime-node', options: { ort: native, threads: 1 } },
  { name: 'onnxruntime-web', options: { ort: web } },
]
web.env.wasm.numThreads = 1

describe.each(runtimes)('$name', ({ options }) => {
  describe.each([
    { operators: 'microsoft', only: undefined },
    { operators: 'standard', only: written },
  ] as const)('$operators operators', ({ operators, only }) => {
    const make = () => onnx({ ...options, operators })
    testBackend(make, { skip, tolerance, only })
    describe('reference models', () => testModels(make, loadFixture, { lengths: [63] }))
  })
})
