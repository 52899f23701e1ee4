import assert from 'node:assert/strict'
import type { SessionRecord } from '../../sessions/records.js'
import type { EndEntry, Turn } from '../../turns/turn.js'
import { scopeOf } from '../../turns/turn.js'
import { type Seen, ConnectionLost, runClient } from './client.js'
import { Cluster, type ClusterOptions } from './cluster.js'
import { checkStream, expectedTokens } from './expected.js'
import { decodeState } from './fake-engine.js'
import type { SimProcess } from './process.js'
import { createScheduler } from './scheduler.js'

/** Something that goes wrong at one moment. */
export type Fault = (process: SimProcess, cluster: Cluster) => Error | void

export interface Simulation extends Omit<ClusterOptions, 'onMoment' | 'latencyMs'> {
  readonly seed: number
  readonly latencyMs: (random: () => number) => number
  /** Each list is one client: it sends a turn after the other, as long as none is refused. */
  readonly clients: readonly (readonly Turn[])[]
  /** What happens at the moment of this number. */
  readonly faultAt: (moment: number, random: () => number) => Fault | undefined
  /** After how many entries a client cancels its turn; null for those that it wants whole. */
  readonly cancelAfter?: (turn: Turn) => number | null
  /** Turns among them that no worker survives. Default 0. */
  readonly deadly?: number
  /** A checkpoint may be left for the sweeper: of one that could not reach the store, or that saved it late and died. */
  readonly leavesCheckpoints?: boolean
  /** Is told of every moment, to see how a run came to its end. */
  readonly trace?: (line: string) => void
}

const NEXT_MS = 50
const LIMIT_MS = 10 * 60_000
// longer than a turn waits for a reader that never comes
const SETTLE_MS = 600_000

export interface Outcome {
  readonly moments: number
  readonly cluster: Cluster
  readonly seen: readonly Seen[]
}

/** Runs it to its end and checks what must hold. Throws with the first thing that does not. */
export async function simulate(simulation: Simulation): Promise<Outcome> {
  const { seed, clients, faultAt, latencyMs, cancelAfter = () => null, trace } = simulation
  const scheduler = createScheduler(seed)
  const random = (): number => scheduler.random()
  let moments = 0
  const cluster: Cluster = new Cluster(scheduler, {
    ...simulation,
    latencyMs: () => latencyMs(random),
    onMoment(process, moment, call) {
      trace?.(`${moments} at ${scheduler.now.toFixed(1)} ms: ${process.name} ${moment} ${call}`)
      return faultAt(moments++, random)?.(process, cluster)
    },
  })
  for (const id of sessionsOf(clients.flat())) await cluster.createSession(id)
  const seen: Seen[] = []
  const failures: unknown[] = []
  let open = clients.length
  for (const turns of clients)
    void runAll(turns)
      .catch((error: unknown) => failures.push(error))
      .finally(() => (open -= 1))
  await scheduler.run(() => open === 0, LIMIT_MS)
  assert.deepEqual(failures, [])
  await scheduler.settle(SETTLE_MS)
  await checkRest(cluster, clients.flat(), simulation)
  await checkTurns(cluster, seen)
  return { moments, cluster, seen }

  async function runAll(turns: readonly Turn[]): Promise<void> {
    for (const [at, turn] of turns.entries()) {
      // the one before has ended for its reader; a moment later it has for all
      if (at > 0) await new Promise<void>((resolve) => void scheduler.at(NEXT_MS, resolve))
      const after = cancelAfter(turn)
      const one = await runClient(
        () => cluster.gateway(),
        turn,
        (count, cancel) => {
          if (after !== null && count >= after) cancel()
        },
      )
      seen.push(one)
      if (one.outcome === 'refused') return checkRefusal(one)
    }
  }
}

function sessionsOf(turns: readonly Turn[]): Set<string> {
  return new Set(turns.flatMap(({ session }) => session?.id ?? []))
}

function checkRefusal({ error }: Seen): void {
  const known = ['ScopeBusyError', 'QueueFullError', 'StoreError']
  assert.ok(error instanceof ConnectionLost || known.includes((error as Error).name), String(error))
}

/** Nothing is left over: no work, no text, no lease. */
async function checkRest(
  cluster: Cluster,
  turns: readonly Turn[],
  { deadly = 0, leavesCheckpoints = false }: Simulation,
): Promise<void> {
  const { queue, leases, states } = cluster.stores
  const { oldestMs: _, ...status } = await queue.status()
  assert.deepEqual(status, { waiting: 0, claimed: 0, buried: deadly })
  if (!leavesCheckpoints) assert.deepEqual(await states.list('checkpoints/'), [])
  for (const { process, worker, engine } of cluster.workers) {
    if (process.isKilled) continue
    assert.equal(worker.running, 0, `${process.name} still works`)
    assert.equal(engine.texts, 0, `${process.name} still writes`)
  }
  for (const { process, turns: all } of cluster.gateways)
    if (!process.isKilled) assert.equal(all.open, 0, `${process.name} still waits`)
  for (const scope of new Set(turns.map(scopeOf))) assert.notEqual(await leases.acquire(scope, 1), null, scope)
}

/** What a client was told of its session is so. One that cancelled may have been too late. */
function checkCommit({ rev, error, cancelled }: EndEntry, { id }: Turn, records: readonly SessionRecord[]): void {
  const record = records.find(({ turn }) => turn === id)
  if (rev !== null) assert.equal(record?.rev, rev, `${id} was said to be committed`)
  else assert.ok(record === undefined || cancelled, `${id} was said not to be committed: ${error?.code}`)
}

/** Every stream is whole, and every session is what its turns make of it one after the other. */
async function checkTurns(cluster: Cluster, seen: readonly Seen[]): Promise<void> {
  const { stores, written } = cluster
  const histories = new Map<string, number[][]>()
  for (const id of sessionsOf(seen.map(({ turn }) => turn))) {
    const turns = new Map(seen.map(({ turn }) => [turn.id, turn]))
    const states: number[][] = [[]]
    for (const [at, { rev, turn, state, length }] of cluster.revisions(id).entries()) {
      assert.equal(rev, at + 1)
      const { prompts } = turns.get(turn!)!
      const last = states[at]
      const expected = [...last, ...prompts[0], ...expectedTokens(turns.get(turn!)!, last)[0]]
      assert.deepEqual(decodeState(written.get(state!)!), expected, `${id} at ${rev}`)
      assert.equal(length, expected.length)
      states.push(expected)
    }
    histories.set(id, states)
  }
  for (const { turn, entries, outcome } of seen) {
    const history = turn.session ? (histories.get(turn.session.id)![turn.session.rev] ?? []) : []
    const log = await stores.log.read(scopeOf(turn), turn.id)
    if (outcome === 'read') checkStream(turn, entries, history)
    if (outcome === 'read') assert.deepEqual(log.entries, entries)
    if (turn.session && outcome === 'read')
      checkCommit(entries.at(-1) as EndEntry, turn, cluster.revisions(turn.session.id))
    if (log.entries.length > 0) assert.equal(log.closed, true, `${turn.id} is not closed`)
  }
}
