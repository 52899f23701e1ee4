// A model on two backends: the same text from the same seed, and a text that moves between them.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Backend, Model } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { type LoadedModel, loadModel } from '@retnet/formats'
import { createSession, generate, restoreSession } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { webgpu } from './webgpu.js'

const root = join(import.meta.dirname, '../../..')
const missing = await findSoftwareAdapter()

// ids, so that no tokenizer is needed; the last two are options and a length that suit the model
const models = [
  { folder: 'fixtures/fla-base', prompt: [5, 1, 9, 30, 2, 2, 7], maxTokens: 24 },
  { folder: 'fixtures/torchscale-options', prompt: [5, 1, 9, 30, 2, 2, 7], maxTokens: 24 },
  { folder: 'models/novels-7m', prompt: [310, 42, 1207, 96], maxTokens: 16 },
].filter(({ folder }) => existsSync(join(root, folder)))

describe.skipIf(missing).each(models)(`$folder on webgpu${missing ? ` (${missing})` : ''}`, (model) => {
  const { folder, prompt, maxTokens } = model
  const sampling = { seed: 11, temperature: 0.8, topP: 0.95, maxTokens }
  const opened: (Backend | LoadedModel)[] = []
  const load = async (backend: Backend): Promise<Model> => {
    const loaded = await loadModel(join(root, folder), { backend })
    opened.push(loaded, backend)
    return loaded.model
  }
  let there: Model
  let here: Model
  beforeAll(async () => {
    here = await load(await webgpu())
    there = await load(await cpu({ threads: 1 }))
  })
  afterAll(() => opened.forEach((owner) => owner.dispose()))

  it('writes the text that it writes on the cpu', async () => {
    const [mine, other] = [
      await generate(here, prompt, sampling).result,
      await generate(there, prompt, sampling).result,
    ]
    expect(mine.ids).toEqual(other.ids)
  })

  it('goes on with a text that began on the cpu, and the other way round', async () => {
    const half = { ...sampling, maxTokens: maxTokens / 2 }
    const { ids } = await generate(there, prompt, sampling).result
    for (const [from, to] of [
      [here, there],
      [there, here],
    ]) {
      using first = await createSession(from)
      await first.append(prompt)
      const begin = await first.generate(half).result
      using second = await restoreSession(to, await first.snapshot())
      const rest = await second.generate(half).result
      expect([...begin.ids, ...rest.ids]).toEqual(ids)
    }
  })
})
