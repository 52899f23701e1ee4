/** Finds the caller of a request by its bearer key, and says what each may do. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../api/api-error.js'
import type { Access, AccessKey, RateLimits } from './access.js'
import { type Caller, nobody } from './caller.js'
import type { Budget } from './rate-limiter.js'

export interface Keys {
  /** Throws a 401. It takes as long for every wrong key, whatever its length. */
  callerOf(authorization: string | null): Caller
  /** Throws a 403 for a user, and a 404 where nobody is an administrator. */
  requireAdmin(caller: Caller): void
  readonly hasKeys: boolean
  readonly hasAdmins: boolean
}

export function createKeys({ keys, tenants = {} }: Access): Keys {
  const known = keys.map((key) => ({ hash: hashOf(key), caller: callerOf(key, tenants) }))
  const hasAdmins = known.some(({ caller }) => caller.role === 'admin')
  return {
    hasKeys: known.length > 0,
    hasAdmins,
    callerOf(authorization) {
      if (known.length === 0) return nobody
      // two headers come joined by a comma and a space, and so fit no key
      const given = digest(/^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '')
      // all of them are compared, so that time does not tell which
      const found = known.filter(({ hash }) => timingSafeEqual(hash, given))
      if (found.length > 0) return found[0].caller
      const message = 'The API key is missing or wrong. Send it as authorization: Bearer KEY.'
      throw new ApiError(401, 'invalid_api_key', message, null, { 'www-authenticate': 'Bearer' })
    },
    requireAdmin({ role }) {
      if (!hasAdmins) throw new ApiError(404, 'not_found', 'There is no such path.')
      if (role !== 'admin') throw new ApiError(403, 'admin_only', 'This path needs the key of an administrator.')
    },
  }
}

function callerOf(key: AccessKey, tenants: Readonly<Record<string, RateLimits>>): Caller {
  const budgets: Budget[] = []
  if (key.limits) budgets.push({ id: `key:${key.name}`, ...key.limits })
  if (Object.hasOwn(tenants, key.tenant)) budgets.push({ id: `tenant:${key.tenant}`, ...tenants[key.tenant] })
  return { tenant: key.tenant, role: key.role ?? 'user', key: key.name, budgets, mayHurry: key.priority ?? false }
}

function hashOf({ key, sha256 }: AccessKey): Buffer {
  return key === undefined ? Buffer.from(sha256!, 'hex') : digest(key)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
