// What a session is for: 10,000 tokens outlive the process that read them, and another backend goes on with them.
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { cpu } from '@retnet/cpu'
import { loadCheckpoint, nodeFolder } from '@retnet/formats'
import { createSession, restoreSession } from '@retnet/generate'
import { Client } from '@retnet/serve/client'
import { Tokenizer } from '@retnet/tokenizer'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type ServerProcess, bin, startServer } from '../testing.js'

const model = resolve(import.meta.dirname, '../../../../models/novels-7m')
const tokenizer = Tokenizer.fromJson(readFileSync(join(model, 'tokenizer.json'), 'utf8'))
const data = mkdtempSync(join(tmpdir(), 'retnet-sessions-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function start(...args: string[]): Promise<ServerProcess> {
  const started = await startServer(['--model', model, '--rows', '2', '--dtype', 'f32', '--data', data, ...args])
  children.push(started.child)
  return started
}

async function ask({ url }: ServerProcess, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  // oxlint-disable-next-line typescript/no-explicit-any
  const answer: any = await response.json()
  expect(response.status, JSON.stringify(answer)).toBeLessThan(300)
  return answer
}

const length = 10_000
const prompt = Array.from({ length }, (_, at) => 5 + ((at * at + 7 * at) % 4000))
const turns: { max_tokens: number; seed: number; temperature: number; frequency_penalty?: number; prompt?: string }[] =
  [
    { max_tokens: 24, seed: 1, temperature: 0 },
    { max_tokens: 24, seed: 7, temperature: 0.8, frequency_penalty: 0.5, prompt: ' and then' },
  ]

test.skipIf(!existsSync(bin))(
  'a killed worker loses nothing: one on another backend restores the session and goes on id for id',
  async () => {
    const first = await start('--threads', '1')
    const session = await ask(first, '/v1/sessions', { prompt })
    expect(session).toMatchObject({ rev: 1, length })
    first.child.kill('SIGKILL')
    await new Promise((ended) => first.child.once('exit', ended))

    const second = await start('--backend', 'onnx')
    using backend = await cpu()
    using loaded = await loadCheckpoint(await nodeFolder(model), { backend, dtype: 'f32' })
    using whole = await createSession(loaded.model, { codec: tokenizer })
    await whole.append(prompt)
    for (const { prompt: more, ...turn } of turns) {
      const before = whole.length
      if (more) await whole.append(more)
      const answer = await ask(second, '/v1/completions', {
        session: session.id,
        ...turn,
        // not those of the model's generation_config.json
        top_p: 1,
        top_k: 0,
        repetition_penalty: 1,
        logprobs: 0,
        ...(more && { prompt: more }),
      })
      const { max_tokens: maxTokens, frequency_penalty: frequencyPenalty, ...rest } = turn
      const { ids } = await whole.generate({ ...rest, maxTokens, frequencyPenalty }).result
      expect(answer.choices[0].logprobs.tokens).toEqual(ids.map((id) => tokenizer.decode([id])))
      expect(answer.usage.prompt_tokens_details.cached_tokens).toBe(before)
      expect(answer.session.length).toBe(whole.length)
    }

    // and out again, to this process
    const { id } = await ask(second, `/v1/sessions/${session.id}/snapshots`, {})
    const file = await fetch(`${second.url}/v1/snapshots/${id}`, { headers: { accept: 'application/octet-stream' } })
    using restored = await restoreSession(loaded.model, new Uint8Array(await file.arrayBuffer()), { codec: tokenizer })
    expect(restored.length).toBe(whole.length)
    const next = { maxTokens: 12, seed: 3 }
    expect((await restored.generate(next).result).ids).toEqual((await whole.generate(next).result).ids)
  },
)

test.skipIf(!existsSync(bin))(
  'a text goes on in the process after the one that was killed, and its reader misses nothing',
  async () => {
    const first = await start('--threads', '1')
    let worker = first
    const client = new Client({
      baseUrl: 'http://balancer',
      fetch: (url, init) => fetch(url.replace('http://balancer', worker.url), init),
    })
    const turn = { prompt: 'The old house', max_tokens: 600, seed: 5, ignore_eos: true }
    const { text: expected } = await client.complete(turn)
    let text = ''
    for await (const chunk of await client.stream(turn)) {
      text += chunk.text
      if (text.length < 200 || worker !== first) continue
      first.child.kill('SIGKILL')
      await new Promise((ended) => first.child.once('exit', ended))
      worker = await start('--threads', '1')
    }
    expect(worker).not.toBe(first)
    expect(text).toBe(expected)
  },
)
