/** `npm run bench -- faults`: whether streams survive what happens to machines. Exit code 1 if one did not. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runFaults } from './faults.ts'
import { redisBinary } from './redis-process.ts'

const options = {
  streams: { type: 'string', default: '4' },
  'max-tokens': { type: 'string', default: '400' },
  'worker-kills': { type: 'string', default: '50' },
  'worker-terms': { type: 'string', default: '5' },
  'gateway-kills': { type: 'string', default: '5' },
  freezes: { type: 'string', default: '3' },
  'redis-kills': { type: 'string', default: '3' },
  'redis-full': { type: 'string', default: '2' },
  rows: { type: 'string', default: '4' },
} as const

export async function faults(args: readonly string[]): Promise<number> {
  if (redisBinary === undefined) throw new Error('faults: neither redis-server nor valkey-server is installed.')
  const { values } = parseArgs({ args: [...args], options })
  const folder = await mkdtemp(join(tmpdir(), 'retnet-faults-'))
  try {
    const begin = performance.now()
    const report = await runFaults(
      folder,
      {
        streams: Number(values.streams),
        maxTokens: Number(values['max-tokens']),
        workerKills: Number(values['worker-kills']),
        workerTerms: Number(values['worker-terms']),
        gatewayKills: Number(values['gateway-kills']),
        freezes: Number(values.freezes),
        redisKills: Number(values['redis-kills']),
        redisFull: Number(values['redis-full']),
        rows: Number(values.rows),
        random: Math.random,
      },
      (line) => process.stderr.write(`bench: ${line}\n`),
    )
    const seconds = Math.round((performance.now() - begin) / 1000)
    process.stdout.write(`${JSON.stringify({ seconds, ...report }, null, 2)}\n`)
    return report.problems.length > 0 ? 1 : 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
