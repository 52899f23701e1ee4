// The whole table on both runtimes in Node, with the operators of ONNX Runtime and with the standard ones.
import { backendChecks } from '@retnet/conformance'
import { testBackend, testModels } from '@retnet/conformance/vitest'
import * as native from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { describe } from 'vitest'
import { onnx } from './backend/onnx.js'
import type { OnnxOptions } from './backend/onnx-options.js'
import { skip, tolerance } from './testing/exceptions.js'
import { loadFixture } from './testing/load-fixture.js'

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
