/** The requests of the session routes, as one source of validation and of /openapi.json. */
import { z } from '@hono/zod-openapi'

const name = z.string().regex(/^(?!sess_|snap_)[A-Za-z0-9._-]{1,64}$/, 'expected 1 to 64 of A-Z a-z 0-9 . _ -')
const model = z.string().max(256).optional()
const ttl = z.int().min(1).max(315_360_000).nullish()
/** As in a completion; read by `readSessionPrompt`. */
const prompt = z.unknown().optional()
const ifMatch = z.int().min(0).nullish()

export const createSessionRequest = z
  .strictObject({ model, from: z.string().max(128).nullish(), ttl, prompt })
  .openapi('CreateSessionRequest')
export const appendRequest = z.strictObject({ model, prompt, if_match: ifMatch }).openapi('AppendRequest')
export const forkRequest = z.strictObject({ ttl }).openapi('ForkRequest')
export const rewindRequest = z
  .strictObject({ to: z.union([z.string().max(128), z.int().min(0)]), if_match: ifMatch })
  .openapi('RewindRequest')
export const snapshotRequest = z
  .strictObject({ name: name.nullish(), pin: z.boolean().nullish() })
  .openapi('SnapshotRequest')
export const snapshotName = name
