// A short run of `npm run bench -- faults`.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runFaults } from './faults.ts'
import { redisBinary } from './redis-process.ts'

const built = existsSync(resolve(import.meta.dirname, '../../../../packages/cli/dist/bin.js'))

test.skipIf(redisBinary === undefined || !built)(
  'with redis-server and a build: streams survive the end of a worker, a gateway and Redis, token for token',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'retnet-faults-'))
    const options = { streams: 2, maxTokens: 200, rows: 2, random: Math.random }
    const counts = { workerKills: 2, gatewayKills: 1, freezes: 0, redisKills: 1, redisFull: 1 }
    try {
      const report = await runFaults(folder, { ...options, ...counts }, () => {})
      expect(report.problems).toEqual([])
      expect(report.streams).toBeGreaterThan(0)
      expect(report.restarts).toBe(3)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
