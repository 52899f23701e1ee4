/** Which part of a service this process is, and where it keeps what must outlive it. */
import type { ServeOptions, StateStore, Stores } from '@retnet/serve'
import { type Command, Option } from 'commander'
import { CommandError, UsageError } from '../errors.js'
import type { Io } from '../io.js'
import { someText } from '../options/some-text.js'
import { cannotOpen } from './option-errors.js'
import { s3Options } from './s3-place.js'
import { type EngineOptions, withEngine } from './with-engine.js'

export interface PlaceOptions {
  readonly data?: string
  readonly redis?: string
  readonly states?: string
  readonly role: 'all' | 'gateway' | 'worker'
}

/** What `serve` of @retnet/serve must know of it. */
export type Place = Pick<ServeOptions, 'engine' | 'stores' | 'role' | 'facts' | 'rateLimiter'>

export function addPlaceOptions(command: Command): Command {
  return command
    .optionsGroup('What outlives the process (default: nothing):')
    .option('--data <folder>', 'one machine: sessions, turns and states in this folder', someText)
    .option('--redis <url>', 'many machines: queue, leases and logs in Redis or Valkey; or RETNET_REDIS_URL', someText)
    .option('--states <place>', 'with --redis: sessions and states in a shared folder, or s3://bucket/prefix', someText)
    .addOption(
      new Option('--role <role>', 'with --redis: take requests, write texts, or both')
        .choices(['all', 'gateway', 'worker'])
        .default('all'),
    )
}

export const placeHelp = `
Many machines: gateways take requests, workers write texts, and any of them may end at any time.
All share one Redis and one place for states:
  retnet serve --role gateway --redis redis://redis:6379 --states s3://bucket/retnet
  retnet serve --role worker  --redis redis://redis:6379 --states s3://bucket/retnet
For S3 set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; for another service AWS_ENDPOINT_URL too.
`

/** Opens the stores, and an engine if this process is to write texts, for as long as they are used. */
export async function withPlace(
  io: Io,
  options: PlaceOptions & EngineOptions,
  model: string,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const stores = await openStores(io, options, model)
  try {
    const kept = { ...(stores && { stores }), ...(await openRateLimiter(io, options)) }
    if (options.role === 'gateway')
      return await use({ engine: null, ...kept, facts: await factsOf(io, stores!, model) })
    const role = options.role === 'worker' ? { role: 'worker' as const } : {}
    await withEngine(io, options, (engine) => use({ engine, ...kept, ...role }))
  } finally {
    if (stores) await Promise.all([stores.queue, stores.leases, stores.log, stores.states].map((one) => one.close()))
  }
}

async function openStores(io: Io, options: PlaceOptions, model: string): Promise<Stores | null> {
  const { data, states, role } = options
  const redis = redisOf(io, options)
  if (redis === undefined) {
    if (role !== 'all')
      throw new UsageError(`--role ${role}: needs --redis.`, 'One process alone is all of the service.')
    if (states !== undefined) throw new UsageError('--states: needs --redis.', 'On one machine, give --data.')
    return data === undefined ? null : openData(data)
  }
  if (data !== undefined) throw new UsageError('--data: not with --redis.', 'Give --states.')
  if (states === undefined)
    throw new UsageError('--redis: needs --states.', 'Give a shared folder or s3://bucket/prefix.')
  const opened = await openStates(io, states)
  try {
    return { ...(await openRedis(redis, model)), states: opened }
  } catch (error) {
    await opened.close()
    throw cannotOpen('--redis', error)
  }
}

/** Where a variable is set to nothing, it is not set. */
function redisOf(io: Io, { redis }: PlaceOptions): string | undefined {
  return redis ?? (io.env.RETNET_REDIS_URL || undefined)
}

async function openData(folder: string): Promise<Stores> {
  const { localStores } = await import('@retnet/serve')
  try {
    return await localStores(folder)
  } catch (error) {
    throw cannotOpen('--data', error)
  }
}

/** The package is an optional peer: one process alone needs none. */
async function openRedis(url: string, queue: string): Promise<Omit<Stores, 'states'>> {
  const { redisStores } = await import('@retnet/serve/redis').catch((cause: unknown) => {
    const fix = 'Install it beside retnet: npm install @redis/client.'
    throw Object.assign(new CommandError('--redis: the package @redis/client cannot be loaded.', fix), { cause })
  })
  return redisStores({ url, queue })
}

/** The limits of a key hold over all gateways. The server closes it. */
async function openRateLimiter(io: Io, options: PlaceOptions): Promise<Pick<ServeOptions, 'rateLimiter'>> {
  const url = redisOf(io, options)
  if (url === undefined || options.role === 'worker') return {}
  const { redisRateLimiter } = await import('@retnet/serve/redis')
  return { rateLimiter: await redisRateLimiter({ url }) }
}

async function openStates(io: Io, place: string): Promise<StateStore> {
  try {
    if (place.startsWith('s3://')) return await openBucket(io, place)
    const { DiskStates } = await import('@retnet/serve')
    return await DiskStates.open(place)
  } catch (error) {
    throw cannotOpen('--states', error)
  }
}

async function openBucket(io: Io, place: string): Promise<StateStore> {
  const { S3States } = await import('@retnet/serve/s3')
  return S3States.open(s3Options(place, io.env))
}

/** A gateway may be started before the first worker. */
async function factsOf(io: Io, { states }: Stores, model: string): Promise<NonNullable<ServeOptions['facts']>> {
  const { findModel } = await import('@retnet/serve')
  let told = false
  for (;;) {
    const facts = await findModel(states, model)
    if (facts) return facts
    if (!told) io.stderr.write(`retnet: waiting for a worker with the model ${model}\n`)
    told = true
    await new Promise((resolve) => setTimeout(resolve, 500))
    io.signal.throwIfAborted()
  }
}
