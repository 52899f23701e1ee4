/** What /metrics tells of prompts that begin alike. */
import type { Registry } from 'prom-client'
import type { Load } from '../service.js'
import { addCounts, addLevel } from './add-metric.js'

/** `reused`: tokens that turns of sessions did not compute. */
export function addPrefixMetrics(
  registry: Registry,
  load: () => Promise<Load>,
  reused: { readonly session: number },
): void {
  const help = 'Prompts by what they found: a state, none, or too short to have one.'
  addCounts(registry, { name: 'retnet_prefix_prompts_total', help, label: 'result' }, async () => {
    const { hits = 0, missesCold = 0, missesShort = 0 } = (await load()).prefix ?? {}
    return { hit: hits, cold: missesCold, short: missesShort }
  })
  const what = 'Tokens that were not computed, because a state had them.'
  addCounts(registry, { name: 'retnet_state_reuse_tokens_total', help: what, label: 'reason' }, async () => {
    return { prefix: (await load()).prefix?.hitTokens ?? 0, session: reused.session }
  })
  addLevel(registry, 'retnet_prefix_bytes', 'Memory of states of prompts that begin alike.', async () => {
    return (await load()).prefix?.bytes ?? 0
  })
  addLevel(registry, 'retnet_prefix_evictions', 'Such states that were pushed out.', async () => {
    return (await load()).prefix?.evicted ?? 0
  })
}
