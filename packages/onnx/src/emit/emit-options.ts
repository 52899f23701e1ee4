/** What can be asked of the emitter, checked and completed. */
import {
  ArgumentError,
  type Graph,
  GraphError,
  type WeightData,
  requireWeight,
  sameShape,
  showType,
} from '@retnet/core'
import type { DynamicExtents } from './extents.js'
import { type HeldWeight, holdWeight } from './held-weight.js'

export interface EmitOptions {
  /** Every parameter of the graph by name, in the encoding that the file is to hold. */
  readonly weights: Readonly<Record<string, WeightData>>
  /**
   * `microsoft` (default): retention is one `com.microsoft.LinearAttention` node, a packed weight one `MatMulNBits`; ONNX Runtime runs
   * them, other runtimes may not. `standard`: operators of opset 21 only, with retention in its parallel form.
   */
  readonly operators?: 'microsoft' | 'standard'
  /** Dimensions that are open until the model runs: name to the extent that stands for it in the graph. See `dynamicExtents`. */
  readonly dynamic?: DynamicExtents
  /** Other names for inputs and outputs of the graph: `{ tokens: 'input_ids' }`. */
  readonly names?: Readonly<Record<string, string>>
  /** Type of the integer inputs; states stay int32. Default `int32`. */
  readonly integers?: 'int32' | 'int64'
  /** Text that travels in the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>
  /**
   * Name of a second file, beside the model, for the weights. Default: weights are inside the model up to 2 GB, which is all that one
   * file may hold, and above that in `model.onnx_data`.
   */
  readonly externalData?: string
  /** Hint for `LinearAttention`: tokens of a chunk. */
  readonly chunk?: number
  /**
   * Precision in which `MatMulNBits` computes with packed weights: 0 (default) in float32; 4 rounds activations to 8 bits, which is
   * faster and less exact.
   */
  readonly accuracyLevel?: 0 | 4
}

export interface EmitSettings extends Required<Omit<EmitOptions, 'externalData' | 'chunk' | 'weights'>> {
  readonly weights: Readonly<Record<string, HeldWeight>>
  /** `operator` needs the operators of ONNX Runtime. */
  readonly retention: 'operator' | 'products'
  readonly externalData?: string
  readonly chunk?: number
}

const known: readonly string[] = [
  'weights',
  'operators',
  'dynamic',
  'names',
  'integers',
  'metadata',
  'externalData',
  'chunk',
  'accuracyLevel',
] satisfies (keyof EmitOptions)[]

export function resolveEmitOptions(graph: Graph, options: EmitOptions): EmitSettings {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const expected = `one of ${known.join(', ')}`
    throw new ArgumentError({ argument: `emit option ${unknown}`, expected, actual: 'an unknown name' })
  }
  const settings = {
    operators: 'microsoft',
    dynamic: {},
    names: {},
    integers: 'int32',
    metadata: {},
    accuracyLevel: 0,
    ...options,
    weights: holdWeights(graph, options.weights),
    retention: options.operators === 'standard' ? 'products' : 'operator',
  } as const
  requireOneOf('operators', settings.operators, ['microsoft', 'standard'])
  requireOneOf('integers', settings.integers, ['int32', 'int64'])
  requireOneOf('accuracyLevel', settings.accuracyLevel, [0, 4])
  requireFileName(settings.externalData)
  return settings
}

function holdWeights(graph: Graph, weights: EmitOptions['weights']): Record<string, HeldWeight> {
  const held = graph.parameters.map(({ name, value }) => {
    const weight = weights[name]
    if (weight === undefined) throw new GraphError(`emit: the weight ${name} is missing.`)
    if (!sameShape(weight.type.shape, graph.types[value].shape)) {
      throw new GraphError(
        `emit: the weight ${name} is ${showType(weight.type)}, the graph wants ${showType(graph.types[value])}.`,
      )
    }
    requireWeight(weight)
    return [name, holdWeight(weight)] as const
  })
  return Object.fromEntries(held)
}

function requireOneOf(argument: string, actual: unknown, allowed: readonly unknown[]): void {
  if (allowed.includes(actual)) return
  throw new ArgumentError({ argument, expected: `one of ${allowed.join(', ')}`, actual })
}

function requireFileName(name: string | undefined): void {
  if (name === undefined || /^[^/\\]+$/.test(name)) return
  throw new ArgumentError({ argument: 'externalData', expected: 'the name of a file, without a path', actual: name })
}
