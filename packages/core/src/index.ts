export {
  type Backend,
  type BackendLimits,
  type CompileOptions,
  type Program,
  type ProgramStats,
  type Repeat,
  type RetentionForm,
  type RunOptions,
} from './contract/backend.js'
export type { Graph, GraphNode, GraphState, NamedValue, ValueId } from './contract/graph.js'
export type { NoAttributes, OpMap, OpName, RetentionAttributes, RotaryAttributes } from './contract/op-map.js'
export type { RowCopy, State } from './contract/state.js'
export {
  type DType,
  type NamedTensors,
  type Shape,
  type TensorData,
  type TensorType,
  sameShape,
  showType,
  sizeOf,
} from './contract/tensor.js'
export {
  type DeviceWeight,
  type WeightData,
  type WeightEncoding,
  isQuantized,
  q4BlockBytes,
  weightBlockSize,
  weightLengths,
} from './contract/weight.js'

export { ArgumentError } from './errors/argument-error.js'
export { DisposedError } from './errors/disposed-error.js'
export { GraphError } from './errors/graph-error.js'
export { RetNetError } from './errors/retnet-error.js'
export { RowError, type RowProblem } from './errors/row-error.js'
export { ShapeError } from './errors/shape-error.js'
export { SnapshotError, type SnapshotProblem } from './errors/snapshot-error.js'
export { SpecError } from './errors/spec-error.js'
export { UnsupportedError } from './errors/unsupported-error.js'

export { type DecaySchedule, decaySum, logDecays } from './retention/decay.js'
export { chunkwiseRetention } from './retention/chunkwise.js'
export { parallelRetention } from './retention/parallel.js'
export { recurrentRetention, reverseRetention } from './retention/recurrent.js'
export type { Numbers, RetentionArguments, RetentionResult, RetentionSize } from './retention/retention.js'

export { GraphBuilder, type Value, trace } from './graph/builder.js'
export { check } from './graph/check.js'
export { type Supports, expand } from './graph/expand.js'
export { type InputRule, checkInputs, inputRules } from './graph/input-rules.js'
export { print } from './graph/print.js'
export { prune } from './graph/prune.js'
export { type GradientOptions, gradient } from './gradient/gradient.js'

export { type Transposes, batchMatmul, embed, matmul, scatterAdd } from './ops/contraction.js'
export { add, div, erf, exp, gelu, log, mul, rsqrt, scale, sigmoid, silu, sub } from './ops/elementwise.js'
export { crossEntropy, crossEntropyGrad } from './ops/loss.js'
export { layerNorm, rmsNorm } from './ops/norm.js'
export { decayNorm, positions, rotary } from './ops/position.js'
export { softmax, sum } from './ops/reduction.js'
export { type AcceptOperands, type Accepted, type SampleOperands, accept, ruleNames, sample } from './ops/sample.js'
export { type RetentionOptions, retention } from './ops/retention.js'
export { rotaryFrequencies } from './ops/rotary-frequencies.js'
export { broadcast, cast, concat, constant, fill, reshape, slice, transpose } from './ops/structure.js'

export { type StateTensors, requireTensors, stateTensors } from './state/tensors.js'
export { type Rows, copiesOverlap, requireCopies, requireRows, requireTargets, rowsOf, withRows } from './state/rows.js'
export { checkCompileOptions } from './program/compile-options.js'
export { checkRepeat, repeatRuns } from './program/repeat.js'
export { type InterpretResult, type Numbers64ByName, interpret } from './interpret/interpret.js'
export { reference } from './interpret/reference-backend.js'
export { decodeWeight, halfToNumber } from './interpret/decode-weight.js'
export { requireWeight } from './interpret/require.js'

export { checkSpec } from './model/check-spec.js'
export { Embedding, type EmbedOptions, type Pooling } from './model/embedding.js'
export {
  type DecodeOptions,
  type GraphSize,
  consumeGraph,
  decodeGraph,
  embedGraph,
  logitsGraph,
  lossGraph,
  nextTokenGraph,
  parameterShapes,
  mostStopIds,
} from './model/graphs.js'
export { type RetNetInputs, languageModelHead, retnet } from './model/retnet.js'
export {
  type Activation,
  type FeedForwardSpec,
  type HeadWidths,
  type NormSpec,
  type RetNetSpec,
  headWidths,
  stateBytes,
} from './model/spec.js'
export type { DecodeRow, SamplingSettings } from './model/decode-many.js'
export type { Batch, RowDecode, RowIds, RowLogits, RowToken, RowTokens, RowsConsumeOptions } from './model/batch.js'
export {
  Model,
  type ConsumeOptions,
  type ModelOptions,
  type PrepareOptions,
  type ProgramKind,
  type ProgramOptions,
} from './model/model.js'

export { decodeSnapshot, decodeSnapshotHeader } from './snapshot/decode.js'
export { encodeSnapshot } from './snapshot/encode.js'
export { Fingerprint, fingerprintOf } from './snapshot/fingerprint.js'
export type { Snapshot, SnapshotBlock, SnapshotHeader, SnapshotIdentity, SnapshotTensor } from './snapshot/format.js'
