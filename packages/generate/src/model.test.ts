// With the real thing: a RetNet of @retnet/core on its reference backend.
import { expect, test } from 'vitest'
import { tinyModel, tinySpec } from '../test/tiny-model.js'
import { generate } from './generate.js'
import { createSession, restoreSession } from './session/session.js'

const prompt = [3, 1, 4, 1, 5]
const options = { seed: 21, temperature: 1.5, frequencyPenalty: 0.5, repetitionPenalty: 1.2, topP: 0.95 }

test('greedy ids are the best logits of the parallel form over the whole text', async () => {
  using model = await tinyModel()
  const { ids } = await generate(model, prompt, { temperature: 0, maxTokens: 8 }).result
  const text = [...prompt, ...ids]
  const program = await model.program('logits', { rows: 1, length: text.length }, { form: 'parallel' })
  const inputs = { tokens: Int32Array.from(text), mask: new Int32Array(text.length).fill(1) }
  const { logits } = await program.run(inputs, program.createState())
  const best = ids.map((_, at) => {
    const place = prompt.length + at - 1
    const row = logits.subarray(place * tinySpec.vocabSize, (place + 1) * tinySpec.vocabSize)
    return row.indexOf(Math.max(...row))
  })
  expect(ids).toEqual(best)
})

test('a session goes on in another model instance, id for id', async () => {
  using model = await tinyModel()
  const whole = await generate(model, prompt, { ...options, maxTokens: 12 }).result
  using session = await createSession(model)
  await session.append(prompt)
  const first = await session.generate({ ...options, maxTokens: 5 }).result
  const bytes = await session.snapshot()

  using elsewhere = await tinyModel()
  using copy = await restoreSession(elsewhere, bytes)
  const rest = await copy.generate({ ...options, maxTokens: 7 }).result
  expect([...first.ids, ...rest.ids]).toEqual(whole.ids)
  expect((await session.generate({ ...options, maxTokens: 7 }).result).ids).toEqual(rest.ids)
  // saved again at the same place it is the same, byte for byte
  expect(await (await restoreSession(elsewhere, bytes)).snapshot()).toEqual(bytes)
})

test('a snapshot of other weights, or a damaged one, is refused', async () => {
  using model = await tinyModel(1)
  using session = await createSession(model)
  await session.append(prompt)
  const bytes = await session.snapshot()
  using other = await tinyModel(2)
  await expect(restoreSession(other, bytes)).rejects.toThrow(/weights/)
  bytes[bytes.length - 1] ^= 1
  await expect(restoreSession(model, bytes)).rejects.toThrow(/checksum/)
  await expect(restoreSession(model, new Uint8Array())).rejects.toThrow(/signature/)
})

test('rewinding gives the same text again', async () => {
  using model = await tinyModel()
  using session = await createSession(model, { bosToken: 0 })
  session.mark('empty')
  const { ids } = await session.generate({ ...options, maxTokens: 6 }).result
  session.rewind('empty')
  expect((await session.generate({ ...options, maxTokens: 6 }).result).ids).toEqual(ids)
})
