import { StoreError } from '../../stores/errors.js'
import type { Turn } from '../../turns/turn.js'
import { LEASE_MS } from './cluster.js'
import { DEADLY_SEED, FAILING_SEED } from './fake-engine.js'
import { createScheduler } from './scheduler.js'
import type { Fault, Simulation } from './simulate.js'

// longer than any simulation
const KEEP_MS = 24 * 3600_000

interface Wish {
  readonly seeds?: readonly number[]
  readonly tokens?: number
  readonly prompt?: readonly number[]
  readonly session?: Turn['session']
}

function turnOf(id: string, { seeds = [1], tokens = 5, prompt = [7, 8, 9], session = null }: Wish): Turn {
  return {
    id,
    tenant: 'default',
    weights: 'w',
    prompts: [[...prompt]],
    texts: seeds.map((seed, at) => ({
      prompt: 0,
      options: { seed, maxTokens: tokens },
      scorePrompt: at === 1,
    })),
    session,
    view: { id },
    keepMs: KEEP_MS,
  }
}

const session = (id: string, rev: number): Turn['session'] => ({ id, rev })

/** Few turns of each kind: several texts, one that fails, a session that two clients want. */
const smallClients: readonly (readonly Turn[])[] = [
  [turnOf('texts', { seeds: [1, 2, FAILING_SEED], tokens: 4 })],
  [
    turnOf('first', { session: session('s', 0), tokens: 3 }),
    turnOf('second', { session: session('s', 1), tokens: 3, prompt: [5] }),
  ],
  [turnOf('rival', { session: session('s', 0), tokens: 2, prompt: [3, 4] })],
  // the first is cancelled in the moment of its commit, and the second wants to be the same revision
  [
    turnOf('regretted', { session: session('r', 0), tokens: 3 }),
    turnOf('instead', { session: session('r', 0), tokens: 2, prompt: [6] }),
  ],
]

/** More than there are rows, with sessions of several turns. */
function manyClients(random: () => number): readonly (readonly Turn[])[] {
  const whole = (below: number): number => Math.floor(random() * below)
  return Array.from({ length: 6 }, (_, client) => {
    const ownSession = client % 2 === 0
    return Array.from({ length: 1 + whole(3) }, (__, rev) =>
      turnOf(`turn-${client}-${rev}`, {
        seeds: ownSession ? [whole(9)] : Array.from({ length: 1 + whole(3) }, () => whole(16)),
        tokens: whole(12),
        prompt: Array.from({ length: 1 + whole(5) }, () => whole(900)),
        session: ownSession ? session(client === 4 ? 'session-2' : `session-${client}`, rev) : null,
      }),
    )
  })
}

export const small: Simulation = {
  seed: 1,
  gateways: 2,
  workers: 2,
  rows: 3,
  stepMs: 5,
  checkpointEvery: 2,
  latencyMs: () => 1,
  clients: smallClients,
  cancelAfter: ({ id }) => (id === 'regretted' ? 5 : null),
  faultAt: () => undefined,
}

export const kill: Fault = (process) => process.kill()
export const freeze: Fault = (process) => process.pause(2 * LEASE_MS)
export const lose: Fault = () => new StoreError('unavailable', 'as a test.')

/** A turn that no worker survives, beside one that must not suffer from it. */
export const deadly: Simulation = {
  ...small,
  deadly: 1,
  clients: [[turnOf('deadly', { seeds: [DEADLY_SEED] })], [turnOf('beside', { tokens: 8 })]],
}

function randomFault(random: () => number): Fault {
  const kind = random()
  const ms = random() * 4 * LEASE_MS
  if (kind < 0.4) return kill
  if (kind < 0.6) return lose
  if (kind < 0.8) return (process) => process.pause(ms)
  return (_, cluster) => cluster.jump(ms * 10)
}

/** A few faults, close together or far apart, among many turns. */
export function randomSimulation(seed: number): Simulation {
  const { random } = createScheduler(-seed)
  const faultsEvery = 10 + Math.floor(random() * 100)
  // fewer than the deliveries after which a turn is given up
  let left = 5
  return {
    seed,
    gateways: 2,
    workers: 3,
    rows: 3,
    stepMs: random() < 0.3 ? 900 : 5,
    checkpointEvery: seed % 2 === 0 ? 3 : null,
    latencyMs: (chance) => chance() ** 4 * 200,
    clients: manyClients(random),
    leavesCheckpoints: true,
    cancelAfter: ({ id }) => (id.endsWith('3-0') ? 4 : null),
    faultAt(_, chance) {
      if (left === 0 || chance() * faultsEvery >= 1) return undefined
      left -= 1
      return randomFault(chance)
    },
  }
}
