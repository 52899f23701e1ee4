/** What the session routes answer, for /openapi.json. */
import { z } from '@hono/zod-openapi'

const count = z.int().min(0)
const seconds = z.int().openapi({ description: 'Since 1970' })
const common = {
  id: z.string(),
  model: z.string(),
  model_version: z.string().openapi({ description: 'Of the weights: a state goes on with these alone' }),
  length: count.openapi({ description: 'Tokens' }),
  created: seconds,
}

export const sessionResponse = z
  .object({
    ...common,
    object: z.literal('session'),
    rev: count,
    from: z.string().nullable(),
    updated: seconds,
    expires_at: seconds.nullable(),
  })
  .openapi('Session')

export const snapshotResponse = z
  .object({
    ...common,
    object: z.literal('snapshot'),
    name: z.string().nullable(),
    pinned: z.boolean().openapi({ description: 'False if it goes with its session' }),
    session: z.string().nullable(),
    rev: count.nullable(),
    bytes: count,
  })
  .openapi('Snapshot')

const listOf = <Item extends z.ZodType>(item: Item) => {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
}
export const sessionsResponse = listOf(sessionResponse).openapi('SessionList')
export const snapshotsResponse = listOf(snapshotResponse).openapi('SnapshotList')

export const deletedResponse = z
  .object({ id: z.string(), object: z.string(), deleted: z.literal(true) })
  .openapi('Deleted')
