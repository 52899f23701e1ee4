/** One small layer on the device against the float64 reference, before anybody trusts it. */
import { type Backend, type Graph, interpret, matmul, retention, rmsNorm, silu, trace } from '@retnet/core'
import { AdapterError } from '../errors.js'

/** Throws AdapterError when the device computes something else than the reference. */
export async function selfTest(backend: Backend): Promise<void> {
  const graph = smallLayer()
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, value }, seed) => [name, numbers(graph.types[value].shape, seed)]),
  )
  const expected = interpret(graph, toDouble(inputs)).outputs.y as Float64Array
  const program = await backend.compile(graph, { weights: {}, chunk: 4 })
  try {
    const actual = (await program.run(inputs, null)).y
    const error = expected.reduce((worst, value, at) => Math.max(worst, differs(actual[at] - value)), 0)
    if (error <= 1e-3) return
    throw new AdapterError(
      `the adapter ${backend.limits.description} computes wrongly (error ${error.toPrecision(3)} in the self-test).`,
      'Update the driver, or use another backend such as @retnet/cpu.',
    )
  } finally {
    program.dispose()
  }
}

function smallLayer(): Graph {
  return trace('self-test', (g) => {
    const q = g.input('q', [1, 6, 2, 4])
    const k = g.input('k', [1, 6, 2, 4])
    const v = g.input('v', [1, 6, 2, 8])
    const { output } = retention(q, k, v, { logDecay: [Math.log(0.9), Math.log(0.99)] })
    return { y: silu(matmul(rmsNorm(output, null, 1e-6), g.input('w', [12, 8]), { transposeB: true })) }
  })
}

function numbers(shape: readonly number[], seed: number): Float32Array {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return Float32Array.from({ length: size }, (_, at) => Math.sin(1 + at * 1.7 + seed * 0.9))
}

function toDouble(inputs: Record<string, Float32Array>): Record<string, Float64Array> {
  return Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)]))
}

function differs(difference: number): number {
  return Number.isFinite(difference) ? Math.abs(difference) : Number.POSITIVE_INFINITY
}
