/** Checkpoints: reading and writing safetensors, model folders, and downloads from a hub. */
export {
  DownloadError,
  FormatError,
  IntegrityError,
  JsonError,
  ModelNotFoundError,
  OptionError,
  SafetensorsError,
  SourceError,
  UnsafePathError,
  UnsupportedFileError,
  type DownloadProblem,
  type SafetensorsProblem,
  type SourceProblem,
} from './errors.js'
export { type ByteSource, type ReadOptions } from './sources/byte-source.js'
export { blobSource, type BlobSource } from './sources/blob-source.js'
export { memorySource } from './sources/memory-source.js'
export { openFile } from './sources/file-source.js'
export { openUrl, type UrlSourceOptions } from './sources/url-source.js'
export { type Dtype, dtypeBytes, dtypes, isDtype } from './safetensors/dtype.js'
export { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './safetensors/half.js'
export { type TensorFile, type TensorInfo } from './safetensors/tensor-file.js'
export { openSafetensors, type SafetensorsFile } from './safetensors/open-safetensors.js'
export { openShardedSafetensors, type ShardedSafetensors } from './safetensors/open-sharded-safetensors.js'
export { encodeSafetensors } from './safetensors/encode-safetensors.js'
export { type TensorData, type TensorInput } from './safetensors/plan-layout.js'
export { writeSafetensors, type LazyTensorInput } from './safetensors/write-safetensors.js'
export { writeAtomically, type Write } from './node/write-atomically.js'
export { blobFolder } from './folders/blob-folder.js'
export { type ModelFolder, readJson } from './folders/model-folder.js'
export { nodeFolder } from './folders/node-folder.js'
export { urlFolder } from './folders/url-folder.js'
export {
  type Checkpoint,
  type FolderTexts,
  chooseDtype,
  openCheckpoint,
  readFolderTexts,
  weightDtypes,
} from './checkpoint.js'
export { chooseEncoding } from './weights/choose-encoding.js'
export { encodeValues } from './weights/encode-values.js'
export type { GenerationDefaults } from './generation-defaults.js'
export {
  type LoadedModel,
  type LoadModelOptions,
  type LoadOptions,
  loadCheckpoint,
  loadModel,
  requireHeld,
} from './load-model.js'
export { ConfigError } from './families/config-error.js'
export type { Family, WeightLocation } from './families/family.js'
export { streamWeights, type WeightStreamOptions } from './weights/weight-stream.js'
export { type SavedCheckpoint, type SaveOptions, saveCheckpoint } from './save-checkpoint.js'
export type { Quantization } from './quantized/quantization-config.js'
export { quantizeQ4 } from './weights/quantize-q4.js'
export { quantizeQ8 } from './weights/quantize-q8.js'
export { type Cache, type PartialFile } from './hub/cache.js'
export { defaultCache } from './hub/default-cache.js'
export { memoryCache } from './hub/memory-cache.js'
export { nodeCache } from './hub/node-cache.js'
export { opfsCache, type OpfsCacheOptions } from './hub/opfs-cache.js'
export { type HubFile } from './hub/hub-api.js'
export { type FileProgress, type HubOptions, type HubProgress, type OfflineNotice } from './hub/hub-options.js'
export { type HubModel, openHubModel } from './hub/open-hub-model.js'
