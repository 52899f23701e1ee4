/** Runs a case on a backend and compares every output and every next state with the interpreter. */
import { type Backend, type DeviceWeight, type NamedTensors, type Program, expand, interpret } from '@retnet/core'
import { type OpCase, defaultTolerance } from '../case.js'
import { type Difference, difference, largest } from './difference.js'
import { type PreparedCase, caseGraph, prepare } from './prepare.js'

export async function evaluate(backend: Backend, opCase: OpCase): Promise<readonly Difference[]> {
  const prepared = prepare(opCase, caseGraph(opCase))
  return compareRuns(backend, opCase, prepared, opCase.tolerance ?? defaultTolerance)
}

/**
 * Compares two runs from the same state, so that what the first leaves behind in memory is seen. Where the exact numbers are all
 * below `floor`, because larger ones cancelled, rounding is measured against `floor`.
 */
export async function compareRuns(
  backend: Backend,
  opCase: OpCase,
  prepared: PreparedCase,
  tolerance: number,
  floor = 0,
): Promise<readonly Difference[]> {
  const { graph, inputs, states, exact, exactStates } = prepared
  const expected = interpret(graph, exact, exactStates)
  return withProgram(backend, opCase, prepared, async (program) => {
    using state = program.createState()
    const runs: { outputs: NamedTensors; states: NamedTensors }[] = []
    for (const _ of ['first', 'second']) {
      await state.write(states)
      runs.push({ outputs: await program.run(inputs, state), states: await state.read() })
    }
    return runs.flatMap((run) => [
      ...Object.entries(expected.outputs).map(([name, data]) =>
        difference(`output ${name}`, run.outputs[name], data, tolerance, Math.max(floor, largest(data))),
      ),
      ...Object.entries(expected.states).map(([name, data]) =>
        difference(`state ${name}`, run.states[name], data, tolerance, Math.max(floor, largest(data))),
      ),
    ])
  })
}

/** Uploads, compiles, calls `use`, and gives everything back. */
export async function withProgram<Result>(
  backend: Backend,
  { form, chunk }: Pick<OpCase, 'form' | 'chunk'>,
  { graph, weights }: Pick<PreparedCase, 'graph' | 'weights'>,
  use: (program: Program) => Promise<Result>,
): Promise<Result> {
  const uploaded: Record<string, DeviceWeight> = {}
  try {
    for (const [name, weight] of Object.entries(weights)) uploaded[name] = await backend.upload(weight)
    const supported = expand(graph, (node, of) => backend.supports(node, of))
    using program = await backend.compile(supported, { weights: uploaded, form, chunk })
    return await use(program)
  } finally {
    for (const weight of Object.values(uploaded)) weight.dispose()
  }
}
