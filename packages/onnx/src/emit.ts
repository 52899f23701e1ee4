/** Graphs as .onnx files, without an ONNX Runtime. */
export { type OnnxModel, emitOnnx, stateNames } from './emit/emit-graph.js'
export type { EmitOptions } from './emit/emit-options.js'
export type { ExternalData } from './emit/external-data.js'
export { type DynamicExtents, dynamicExtents } from './emit/extents.js'
export { metadataKeys } from './schema/metadata.js'
export { type OnnxFile, type ReadExternal, readOnnx } from './read/read-onnx.js'
export type { WeightNote } from './schema/metadata.js'
export { OnnxFileError } from './errors.js'
