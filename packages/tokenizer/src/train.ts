/** The entry `@retnet/tokenizer/train`: training, apart from what reads and writes text. */
export { linesOf, type ByteChunks } from './training/lines.js'
export type { BpeTrainingOptions, SplitPattern, TrainingProgress } from './training/options.js'
export { trainBpe, type TrainedBpe, type TrainingTexts } from './training/train-bpe.js'
