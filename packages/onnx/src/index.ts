export { type OnnxBackend, onnx } from './backend/onnx.js'
export type { OnnxOptions } from './backend/onnx-options.js'
export type { ExecutionProvider, Ort } from './backend/ort.js'
export { OnnxFileError, OnnxRuntimeError, ProviderError } from './errors.js'
