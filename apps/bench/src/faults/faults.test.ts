// A short run of `npm run bench -- faults`.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runFaults } from './faults.ts'
import { freePort, redisBinary, RedisProcess } from './redis-process.ts'
import { Supervised } from './supervised.ts'

const built = existsSync(resolve(import.meta.dirname, '../../../../packages/cli/dist/bin.js'))

test.skipIf(redisBinary === undefined || !built)(
  'with redis-server and a build: streams survive the end of a worker, a gateway and Redis, token for token',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'retnet-faults-'))
    const options = { streams: 2, maxTokens: 200, rows: 2, random: Math.random }
    const counts = { workerKills: 2, workerTerms: 1, gatewayKills: 1, freezes: 0, redisKills: 1, redisFull: 1 }
    try {
      const report = await runFaults(folder, { ...options, ...counts }, () => {})
      expect(report.problems).toEqual([])
      expect(report.streams).toBeGreaterThan(0)
      expect(report.restarts).toBe(4)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)

async function post(url: string, path: string, body: object): Promise<{ status: number; body: Answer }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as Answer }
}

interface Answer {
  readonly id?: string
  readonly session?: { readonly rev: number }
  readonly error?: { readonly code: string }
}

test.skipIf(redisBinary === undefined || !built)(
  'with redis-server and a build: a worker whose disk is full keeps no half of a session, and writes other texts',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'retnet-faults-'))
    try {
      await using redis = await RedisProcess.start(folder)
      const place = ['--redis', redis.url, '--states', join(folder, 'states')]
      const work = [...place, '--role', 'worker', '--rows', '2', '--threads', '1']
      const full = new Supervised(await freePort(), work, { fileBlocks: 600 })
      await using gateway = new Supervised(await freePort(), [...place, '--role', 'gateway'])
      await Promise.all([full.ready(), gateway.ready()])
      const session = (await post(gateway.url, '/v1/sessions', {})).body.id
      const turn = { session, prompt: 'It was', max_tokens: 8, seed: 1 }
      const refused = await post(gateway.url, '/v1/completions', turn)
      expect([refused.status, refused.body.error?.code]).toEqual([503, 'state_store_unavailable'])
      expect((await post(gateway.url, '/v1/completions', { ...turn, session: undefined })).status).toBe(200)
      await full[Symbol.asyncDispose]()
      await using roomy = new Supervised(await freePort(), work)
      await roomy.ready()
      const kept = await post(gateway.url, '/v1/completions', turn)
      expect([kept.status, kept.body.session?.rev]).toEqual([200, 1])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
