/** What the tests of this package share: seeded numbers, encodings, and the comparison with core's float64 interpreter. */
import {
  type Backend,
  type CompileOptions,
  type Graph,
  type NamedTensors,
  type WeightData,
  decodeWeight,
  interpret,
  sizeOf,
} from '@retnet/core'
import { encodeWeight } from '@retnet/conformance'
import { expect } from 'vitest'

/** Numbers from a linear congruential generator, uniform in [-1, 1). */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 23 - 1
  })
}

export function encode(values: Float32Array, shape: readonly number[], encoding: WeightData['encoding']): WeightData {
  return encodeWeight({ dtype: 'f32', shape }, encoding, values)
}

export interface Case {
  readonly graph: Graph
  readonly inputs?: NamedTensors
  readonly weights?: Readonly<Record<string, WeightData>>
  readonly states?: NamedTensors
  readonly options?: Omit<CompileOptions, 'weights'>
}

export interface Result {
  readonly outputs: NamedTensors
  readonly states: NamedTensors
  readonly kernels: Readonly<Record<string, number>>
}

/** Uploads, compiles, runs once and gives everything back. */
export async function runCase(
  backend: Backend,
  { graph, inputs = {}, weights = {}, states, options = {} }: Case,
): Promise<Result> {
  const uploaded = Object.fromEntries(
    await Promise.all(
      Object.entries(weights).map(async ([name, weight]) => [name, await backend.upload(weight)] as const),
    ),
  )
  const program = await backend.compile(graph, { ...options, weights: uploaded })
  const state = program.createState()
  if (states) await state.write(states)
  const outputs = await program.run(inputs, state)
  const result = { outputs, states: await state.read(), kernels: program.stats().kernels }
  for (const owned of [state, program, ...Object.values(uploaded)]) owned.dispose()
  return result
}

/** Runs a case and compares outputs and states with the interpreter; `tolerance` is relative to the largest number of a tensor. */
export async function expectMatch(backend: Backend, test: Case, tolerance = 2e-6): Promise<Result> {
  const result = await runCase(backend, test)
  const weights = Object.entries(test.weights ?? {}).map(([name, weight]) => [name, decodeWeight(weight)] as const)
  const doubles = (named: NamedTensors) =>
    Object.entries(named).map(
      ([name, data]) => [name, data instanceof Int32Array ? data : Float64Array.from(data)] as const,
    )
  const values = Object.fromEntries([...weights, ...doubles(test.inputs ?? {})])
  const expected = interpret(test.graph, values, test.states && Object.fromEntries(doubles(test.states)))
  for (const { name, value } of test.graph.outputs) {
    expectClose(name, result.outputs[name], expected.outputs[name], sizeOf(test.graph.types[value].shape), tolerance)
  }
  for (const { name, input } of test.graph.states) {
    expectClose(name, result.states[name], expected.states[name], sizeOf(test.graph.types[input].shape), tolerance)
  }
  return result
}

function expectClose(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  size: number,
  tolerance: number,
): void {
  expect(actual.length, name).toBe(size)
  let largest = 1e-30
  for (let i = 0; i < size; i++) largest = Math.max(largest, Math.abs(expected[i]))
  let worst = 0
  for (let i = 0; i < size; i++) {
    const error = Math.abs(actual[i] - expected[i]) / largest
    if (!(error <= worst)) worst = error
    if (Number.isNaN(worst)) break
  }
  expect(worst, `${name}: error relative to ${largest}`).toBeLessThanOrEqual(tolerance)
}
