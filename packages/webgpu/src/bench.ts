/** What the programs in bench/ need of the inside of this package: for measurements, without promise of stability. */
export { openDevice } from './device/open-device.js'
export { AloneKernels } from './kernels/alone.js'
export { emitMatrixTile, emitRegisterTile } from './kernels/matmul/multiply.js'
export { matrixTuning } from './kernels/matmul/matrix-tile.js'
export { emitTiled } from './kernels/matmul/tiled.js'
export { emitFewRows } from './kernels/decode/product.js'
export { emitMatrixProduct } from './kernels/rows/matrix-product.js'
