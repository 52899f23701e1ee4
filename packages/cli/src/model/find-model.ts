/** From what the user calls a model to a folder of files: a path, a bundled name, or a repository of the hub. */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { type ModelFolder, nodeFolder, openHubModel } from '@retnet/formats'
import { CommandError } from '../errors.js'
import type { Io } from '../io.js'
import type { ModelNameOptions } from '../options/model-options.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes } from '../terminal/units.js'
import { bundledModels, findBundled } from './bundled.js'
import { closest } from './closest.js'

/** Throws CommandError with what could have been meant, or the errors of @retnet/formats. */
export async function findModel(io: Io, options: ModelNameOptions): Promise<ModelFolder> {
  const { model } = options
  if (model === '') throw new CommandError('--model: the name is empty.', 'Give a folder, owner/name, or novels-7m.')
  if (exists(model)) return nodeFolder(model)
  const bundled = findBundled(model)
  if (bundled !== undefined) return nodeFolder(bundled)
  if (bundledModels.includes(model)) throw missingBundled(model)
  if (isHubId(model)) return hubFolder(io, options)
  throw missingFolder(model)
}

// `models/typo` has the form of a hub id; where the folder `models` exists, a path was meant
function isHubId(model: string): boolean {
  if (/^(hf|https?):\/\//.test(model)) return true
  return /^\w[\w.-]*\/\w[\w.-]*$/.test(model) && !exists(dirname(model))
}

async function hubFolder(io: Io, { model, revision, offline }: ModelNameOptions): Promise<ModelFolder> {
  using progress = createProgress(io, `downloading ${model}`, showBytes)
  const accessToken = io.env.HF_TOKEN
  const found = await openHubModel(model, {
    revision,
    offline,
    signal: io.signal,
    ...(accessToken && { accessToken }),
    ...(io.env.HF_ENDPOINT && { hubUrl: io.env.HF_ENDPOINT }),
    onProgress: (event) => {
      if (event.phase === 'offline')
        io.stderr.write(`retnet: the hub cannot be reached; using the copy of ${event.commit}\n`)
      else progress.update(event.overallLoaded, event.overallTotal)
    },
  })
  return found.folder
}

function missingBundled(model: string): CommandError {
  return new CommandError(
    `${model}: the bundled model is not on this machine; the published package does not carry it.`,
    `Run the command inside a clone of the repository, which has it in models/${model}, or name another model with --model.`,
  )
}

function missingFolder(model: string): CommandError {
  const parent = dirname(model)
  const near = closest(basename(model), [...folderNames(parent), ...(parent === '.' ? bundledModels : [])])
  const path = near === undefined || bundledModels.includes(near) ? near : resolve(parent, near)
  const hint = path === undefined ? '' : `Did you mean ${path}? `
  return new CommandError(
    `${model}: there is no such folder, and no bundled model of this name.`,
    `${hint}A model is a folder with config.json, a Hugging Face id (owner/name), or one of: ${bundledModels.join(', ')}.`,
  )
}

function folderNames(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
