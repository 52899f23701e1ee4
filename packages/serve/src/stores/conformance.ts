/** One suite for all implementations of the stores: named checks, for any runner of tests. */
import type { Stores } from './contract.js'
import type { Bench, Check } from './conformance/bench.js'
import { leaseChecks } from './conformance/lease-checks.js'
import { logChecks } from './conformance/log-checks.js'
import { queueChecks } from './conformance/queue-checks.js'
import { stateChecks } from './conformance/state-checks.js'

export type { Bench, Check } from './conformance/bench.js'

/** The checks of each store. Queues are made with an aging of 500 ms. */
export const storeChecks = { queue: queueChecks, leases: leaseChecks, log: logChecks, states: stateChecks }

type Part = keyof typeof storeChecks

/** Each check of the named parts as `[name, run]`, every run on stores of its own. */
export function storeConformance<S extends Partial<Stores>>(
  create: () => Promise<Bench<S> & AsyncDisposable>,
  parts: readonly Part[] = ['queue', 'leases', 'log', 'states'],
): [string, () => Promise<void>][] {
  const checks = parts.flatMap((part) => (storeChecks[part] as readonly Check<S>[]).map((check) => ({ part, check })))
  return checks.map(({ part, check }) => [
    `${part}: ${check.name}`,
    async () => {
      await using bench = await create()
      await check.run(bench)
    },
  ])
}
