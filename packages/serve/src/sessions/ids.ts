/** Names of sessions and snapshots: 128 random bits, so that nobody finds one by guessing. */
import { createHash, randomBytes } from 'node:crypto'
import { ApiError } from '../api/api-error.js'

export type Kind = 'sess' | 'snap'

export function newId(kind: Kind): string {
  return `${kind}_${randomBytes(16).toString('hex')}`
}

export function isId(kind: Kind, text: string): boolean {
  return text.length === 37 && new RegExp(`^${kind}_[0-9a-f]{32}$`).test(text)
}

/** Throws a 400 for what the server cannot have made. */
export function requireId(kind: Kind, text: string, param: string): void {
  if (isId(kind, text)) return
  throw new ApiError(400, 'invalid_id', `${param}: expected ${kind}_ and 32 hexadecimal digits.`, param)
}

/** The word of a tenant in keys. */
export function tenantWord(tenant: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(tenant)) return tenant
  return `.${createHash('sha256').update(tenant).digest('hex')}`
}
