// Two servers that share their stores: what one has begun, the other goes on with.
import type { Model } from '@retnet/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, type TextChunk } from '../client.js'
import { Engine } from '../engine/engine.js'
import { serve } from '../server.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import { served, someIds, testModel } from '../testing.js'

let model: Model
beforeAll(async () => {
  model = await testModel()
})
afterAll(() => model.dispose())

async function open(stores: ReturnType<typeof memoryStores>) {
  const engine = await Engine.create(model, { rows: 2 })
  return serve({ engine, model: served, port: 0, stores, checkpointTokens: 16 })
}

/** A client that asks whichever server there is. */
function clientOf(current: () => string): Client {
  return new Client({
    baseUrl: 'http://balancer',
    fetch: (url, init) => fetch(url.replace('http://balancer', current()), init),
  })
}

test('a client reads on at the other server when its own one ends, and so does its session', async () => {
  const stores = memoryStores()
  const first = await open(stores)
  let server = first
  const client = clientOf(() => server.url)
  const ask = { max_tokens: 400, seed: 3, frequency_penalty: 0.4 }
  const prompt = [...someIds(30)]
  const { text: expected } = await client.complete({ ...ask, prompt })

  const session = await client.sessions.create({ prompt })
  let text = ''
  for await (const chunk of await session.stream(ask)) {
    text += chunk.text
    if (text.length < 20 || server !== first) continue
    server = await open(stores)
    await first.close(0)
  }
  expect(text).toBe(expected)
  expect(server).not.toBe(first)
  expect(session.info).toMatchObject({ rev: 2, length: 430 })
  const { usage } = await session.complete({ max_tokens: 3 })
  expect(usage.prompt_tokens_details.cached_tokens).toBe(430)
  await server.close(0)
})

test('a session that is deleted at one server ends its turn, at whichever it was begun', async () => {
  const stores = memoryStores()
  const servers = [await open(stores), await open(stores)]
  const clients = servers.map(({ url }) => new Client({ baseUrl: url }))
  for (const at of [0, 1]) {
    const session = await clients[at].sessions.create({ prompt: [...someIds(9)] })
    const stream = await session.stream({ max_tokens: 60_000, seed: 3 })
    const chunks: TextChunk[] = []
    for await (const chunk of stream) {
      if (chunks.push(chunk) === 1) await (await clients[1 - at].sessions.get(session.id)).delete()
    }
    expect(chunks.at(-1)!.finishReason).toBe('cancelled')
    await expect.poll(async () => (await stores.queue.status()).claimed).toBe(0)
  }
  for (const server of servers) await server.close(0)
})
