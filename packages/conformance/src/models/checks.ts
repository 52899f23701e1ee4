/** What every backend must reproduce of a reference model. Each check gives differences; none of them decides. */
import {
  type Graph,
  type NamedTensors,
  type TensorData,
  decodeWeight,
  embedGraph,
  gradient,
  interpret,
  logitsGraph,
  lossGraph,
} from '@retnet/core'
import { type Difference, difference } from '../run/difference.js'
import { random } from '../values/random.js'
import type { ExpectedTensor } from './fixture.js'
import type { FixtureModel, FormOptions, Ran } from './fixture-model.js'
import { type Fixture, formTolerance, gradientTolerance, stateTolerance } from './fixtures.js'

/** Chunks that divide the lengths, that do not, and that are longer than the text. */
export const forms: readonly FormOptions[] = [
  { form: 'recurrent' },
  { form: 'parallel' },
  ...[1, 7, 16, 64].map((chunk) => ({ form: 'chunkwise' as const, chunk })),
]

export const lengths = [1, 63, 75, 129]

interface Text {
  readonly rows: number
  readonly length: number
  readonly tokens: Int32Array
}

/** Logits of the fixture's text, and the state after it, in one form. */
export async function checkText(fixture: Fixture, model: FixtureModel, options: FormOptions): Promise<Difference[]> {
  const text = textOf(fixture, model)
  const ran = await runText(model, text, options)
  const { expected } = model.fixture
  return [
    ...fixture.logits.map(({ name, tolerance }) => absolute(name, ran.outputs.logits, expected[name].data, tolerance)),
    ...checkStates(fixture, model, ran.state),
  ]
}

/** Logits of the tokens after the text, one by one from its state. */
export async function checkDecode(fixture: Fixture, model: FixtureModel): Promise<Difference[]> {
  if (!fixture.decode) return []
  const { tokens, logits } = decodeInputs(fixture.decode.name, model)
  const text = textOf(fixture, model)
  let { state } = await runText(model, text, {})
  const differences: Difference[] = []
  const graph = logitsGraph(model.fixture.spec, { rows: text.rows, length: 1 })
  for (const [step, column] of tokens.entries()) {
    const ran = await model.run(graph, { tokens: column, mask: new Int32Array(text.rows).fill(1) }, {}, state)
    state = ran.state
    differences.push(absolute(`step ${step}`, ran.outputs.logits, logits[step], fixture.decode.tolerance))
  }
  return differences
}

/** Logits under the fixture's left padding, where the mask is 1. */
export async function checkMasked(fixture: Fixture, model: FixtureModel, options: FormOptions): Promise<Difference[]> {
  if (!fixture.masked) return []
  const { name, tolerance } = fixture.masked
  const { expected, spec } = model.fixture
  const mask = expected.attention_mask.data as Int32Array
  const ran = await runText(model, textOf(fixture, model), options, mask)
  const live = (data: TensorData) =>
    Float32Array.from(data).filter((_, at) => mask[Math.floor(at / spec.vocabSize)] === 1)
  return [absolute(name, live(ran.outputs.logits), live(expected[name].data), tolerance)]
}

/** Mean loss of predicting each next token, and its gradient by every weight. */
export async function checkGradients(
  fixture: Fixture,
  model: FixtureModel,
  options: FormOptions,
): Promise<Difference[]> {
  if (!fixture.gradients) return []
  const { spec, expected, nameInCheckpoint } = model.fixture
  const text = textOf(fixture, model)
  const { rows, length, tokens } = text
  const targets = tokens.map((_, at) => (at % length === length - 1 ? -1 : tokens[at + 1]))
  const loss = lossGraph(spec, text, 1 / (rows * (length - 1)))
  const ran = await model.run(gradient(loss, { loss: 'loss' }), { ...inputsOf(text), targets }, options)
  return [
    absolute('loss', ran.outputs.loss, expected.loss.data, 1e-4),
    ...Object.keys(model.fixture.weights).map((weight) =>
      relativeNorm(`grad.${weight}`, ran.outputs[`grad.${weight}`], expected[`grad.${nameInCheckpoint(weight)}`].data),
    ),
  ]
}

/** Every form against the recurrent one on tokens of any length, from a state that is not zero; two rows, one of them padded. */
export async function checkForms(model: FixtureModel, length: number): Promise<Difference[]> {
  const { spec } = model.fixture
  const next = random(`forms ${length}`)
  const draw = (count: number) => Int32Array.from({ length: count }, () => Math.floor(next() * spec.vocabSize))
  const begin = await runText(model, { rows: 2, length: 5, tokens: draw(10) }, {})
  const text = { rows: 2, length, tokens: draw(2 * length) }
  const mask = text.tokens.map((_, at) => (at >= length && at % length < Math.floor(length / 3) ? 0 : 1))
  const run = (options: FormOptions) => runText(model, text, options, mask, begin.state)
  const expected = await run({ form: 'recurrent' })
  const differences: Difference[] = []
  for (const options of [{}, ...forms.slice(1)]) {
    const actual = await run(options)
    const label = `${options.form ?? 'auto'} ${options.chunk ?? ''}`.trim()
    differences.push(absolute(`${label}: logits`, actual.outputs.logits, expected.outputs.logits, formTolerance))
    for (const name of Object.keys(expected.state)) {
      differences.push(difference(`${label}: ${name}`, actual.state[name], expected.state[name], formTolerance))
    }
  }
  return differences
}

/** Hidden states pooled by any weights, against the float64 interpreter; two rows, one of them padded. */
export async function checkEmbedding(model: FixtureModel): Promise<Difference[]> {
  const { spec, weights } = model.fixture
  const [rows, length] = [2, 37]
  const next = random('embedding')
  const tokens = Int32Array.from({ length: rows * length }, () => Math.floor(next() * spec.vocabSize))
  const mask = tokens.map((_, at) => (at >= length + 20 ? 0 : 1))
  const inputs = { tokens, mask, weights: Float32Array.from(mask, (counts) => counts * (next() - 0.5)) }
  const graph = embedGraph(spec, { rows, length })
  const parameters = Object.entries(weights).map(([name, weight]) => [name, decodeWeight(weight)] as const)
  const given = Object.entries(inputs).map(([name, data]) => [name, Float64Array.from(data)] as const)
  const { outputs } = interpret(graph, Object.fromEntries([...parameters, ...given]))
  const ran = await model.run(graph, inputs)
  return [difference('pooled', ran.outputs.pooled, outputs.pooled, formTolerance)]
}

function runText(
  model: FixtureModel,
  text: Text,
  options: FormOptions,
  mask?: Int32Array,
  before: NamedTensors | null = null,
): Promise<Ran> {
  const graph: Graph = logitsGraph(model.fixture.spec, text)
  return model.run(graph, { ...inputsOf(text), ...(mask && { mask }) }, options, before)
}

function inputsOf({ tokens }: Text): { tokens: Int32Array; mask: Int32Array } {
  return { tokens, mask: new Int32Array(tokens.length).fill(1) }
}

/** The first T tokens of each row, where T is the length of the logits. */
function textOf({ logits }: Fixture, { fixture: { expected } }: FixtureModel): Text {
  const [rows, length] = expected[logits[0].name].shape
  const columns = expected.tokens.shape[1]
  const tokens = Int32Array.from({ length: rows * length }, (_, at) => {
    return expected.tokens.data[Math.floor(at / length) * columns + (at % length)]
  })
  return { rows, length, tokens }
}

/** Tokens and logits of the decoded steps, each [B] and [B, V]. */
function decodeInputs(
  name: string,
  { fixture: { expected } }: FixtureModel,
): { tokens: Int32Array[]; logits: Float32Array[] } {
  const { tokens } = expected
  const { shape, data } = expected[name]
  const [rows, steps, vocabulary] = shape
  const columns = tokens.shape[1]
  const step = (index: number) => ({
    tokens: Int32Array.from({ length: rows }, (_, row) => tokens.data[row * columns + columns - steps + index]),
    logits: Float32Array.from({ length: rows * vocabulary }, (_, at) => {
      return data[(Math.floor(at / vocabulary) * steps + index) * vocabulary + (at % vocabulary)]
    }),
  })
  const all = Array.from({ length: steps }, (_, index) => step(index))
  return { tokens: all.map((entry) => entry.tokens), logits: all.map((entry) => entry.logits) }
}

function checkStates(
  { state }: Fixture,
  { fixture: { spec, expected } }: FixtureModel,
  states: NamedTensors,
): Difference[] {
  if (!state) return []
  return Array.from({ length: spec.layers }, (_, layer) => {
    const stored = expected[`state.${layer}.${state}`]
    const raw = state === 'recurrent_state' ? stored.data : rawState(stored, expected[`state.${layer}.scale`].data)
    return difference(`state ${layer}`, states[`layers.${layer}.retention`], raw, stateTolerance)
  })
}

/** torchscale stores [B, H, Dv, Dk] divided by the square root of `scale` [H]. */
function rawState({ shape, data }: ExpectedTensor, scale: TensorData): Float32Array {
  const [, heads, values, keys] = shape
  return Float32Array.from(data, (_, at) => {
    const [j, i] = [at % values, Math.floor(at / values) % keys]
    const block = Math.floor(at / (values * keys))
    return data[(block * values + j) * keys + i] * Math.sqrt(scale[block % heads])
  })
}

/** Logits are compared as they are, not as a share of the largest. */
function absolute(
  name: string,
  actual: TensorData | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): Difference {
  return difference(name, actual, expected, tolerance, 1)
}

/** |actual - expected| / |expected| in the Euclidean norm. */
function relativeNorm(name: string, actual: TensorData, expected: TensorData): Difference {
  const gap = Array.from(expected, (value, at) => value - actual[at])
  return { ...difference(name, actual, expected, gradientTolerance), error: norm(gap) / norm(expected) }
}

function norm(numbers: ArrayLike<number>): number {
  return Math.sqrt(Array.from(numbers).reduce((total, value) => total + value * value, 0))
}
