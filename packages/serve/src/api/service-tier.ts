/** How soon a request is begun, in the words of the OpenAI API. All that wait become more urgent with time: see `agingMs` of the stores. */
import type { Caller } from '../edge/caller.js'

export type ServiceTier = 'default' | 'flex' | 'priority'

/** A key that may not hurry is served by default, as in the OpenAI API; the answer says so. */
export function tierOf(asked: ServiceTier | 'auto' | null | undefined, { mayHurry }: Caller): ServiceTier {
  if (asked === 'flex') return 'flex'
  return mayHurry && asked !== 'default' ? 'priority' : 'default'
}

export const priorities: Readonly<Record<ServiceTier, number>> = { flex: -1, default: 0, priority: 1 }
