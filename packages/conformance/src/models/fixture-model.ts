/** A fixture on a backend: uploads the weights once and compiles graphs as the checks ask for them. */
import {
  type Backend,
  type DeviceWeight,
  type Graph,
  type NamedTensors,
  type RetentionForm,
  type State,
  expand,
} from '@retnet/core'
import type { LoadedFixture } from './fixture.js'

export interface FormOptions {
  readonly form?: RetentionForm
  readonly chunk?: number
}

export class FixtureModel {
  readonly fixture: LoadedFixture
  readonly #backend: Backend
  readonly #weights: Readonly<Record<string, DeviceWeight>>

  private constructor(fixture: LoadedFixture, backend: Backend, weights: Record<string, DeviceWeight>) {
    this.fixture = fixture
    this.#backend = backend
    this.#weights = weights
  }

  static async upload(fixture: LoadedFixture, backend: Backend): Promise<FixtureModel> {
    const weights: Record<string, DeviceWeight> = {}
    for (const [name, weight] of Object.entries(fixture.weights)) weights[name] = await backend.upload(weight)
    return new FixtureModel(fixture, backend, weights)
  }

  /** Runs a graph once, from a state if one is given and from zeros otherwise; returns the outputs and the state after. */
  async run(
    graph: Graph,
    inputs: NamedTensors,
    options: FormOptions = {},
    before: NamedTensors | null = null,
  ): Promise<Ran> {
    const supported = expand(graph, (node, of) => this.#backend.supports(node, of))
    using program = await this.#backend.compile(supported, { weights: this.#weights, ...options })
    using state: State = program.createState()
    if (before) await state.write(before)
    return { outputs: await program.run(inputs, state), state: await state.read() }
  }

  dispose(): void {
    for (const weight of Object.values(this.#weights)) weight.dispose()
  }
}

export interface Ran {
  readonly outputs: NamedTensors
  readonly state: NamedTensors
}
