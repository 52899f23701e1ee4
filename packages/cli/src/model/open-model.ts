/** A model on its backend for as long as a command needs it, with a progress bar while it loads. */
import type { Backend } from '@retnet/core'
import { type LoadOptions, type LoadedModel, type ModelFolder, loadCheckpoint } from '@retnet/formats'
import { Tokenizer } from '@retnet/tokenizer'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'
import type { ModelOptions } from '../options/model-options.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes } from '../terminal/units.js'
import { createBackend } from './backends.js'
import { findModel } from './find-model.js'
import { isExport, loadExport } from './open-export.js'

export interface OpenModel extends Pick<LoadedModel, 'model' | 'dtype' | 'tokenizerJson' | 'generation'> {
  /** What its folder is called. */
  readonly name: string
  readonly backend: Backend
  /** Where its files are. */
  readonly folder: ModelFolder
}

/** Finds, loads and hands over a model; frees it and its backend afterwards, whatever happens. */
export async function withModel<T>(io: Io, options: ModelOptions, use: (model: OpenModel) => Promise<T>): Promise<T> {
  const folder = await findModel(io, options)
  io.signal.throwIfAborted()
  using backend = await createBackend(options.backend, options)
  using progress = createProgress(io, 'loading weights', showBytes)
  const settings: LoadOptions = {
    backend,
    ...(options.dtype && { dtype: options.dtype }),
    signal: io.signal,
    onProgress: ({ loaded: done, total }) => progress.update(done, total),
  }
  using loaded = (await isExport(folder)) ? await loadExport(folder, settings) : await loadCheckpoint(folder, settings)
  progress.stop()
  const { model, dtype, tokenizerJson, generation } = loaded
  // awaited here: the model must live until the work is done
  return await use({ name: folder.name, folder, model, dtype, tokenizerJson, generation, backend })
}

/** The tokenizer of a model whose folder has one. */
export async function requireTokenizer({
  tokenizerJson,
  name,
}: Pick<OpenModel, 'tokenizerJson' | 'name'>): Promise<Tokenizer> {
  if (tokenizerJson !== null) return Tokenizer.load(tokenizerJson)
  throw new CommandError(
    `${name}: there is no tokenizer.json, so text cannot be read or written.`,
    'Put the tokenizer.json of the model beside config.json, or use `retnet logits`, which takes token ids.',
  )
}
