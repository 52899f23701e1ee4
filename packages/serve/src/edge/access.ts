/** Keys, tenants and their limits, as a file or a program gives them. */
import { z } from 'zod'
import { ServeArgumentError } from '../errors.js'

const name = z.string().regex(/^[\w.-]{1,64}$/, 'expected a name of 1 to 64 letters, digits, dots, dashes')
const atLeastOne = 'expected a whole number of at least 1'
const count = z.int(atLeastOne).min(1, atLeastOne)

const rates = z.strictObject({
  requestsPerMinute: count.optional(),
  /** Of prompts and of what is written. */
  tokensPerMinute: count.optional(),
  /** Texts that are being written or wait for it at the same time. */
  texts: count.optional(),
})

// what a header can carry, and long enough not to be guessed
const plainKey = z.string().regex(/^[\x21-\x7e]{16,512}$/, 'expected 16 to 512 visible ASCII characters')
const hash = z.string().regex(/^[0-9a-f]{64}$/i, 'expected SHA-256 as 64 hexadecimal digits')

const key = z
  .strictObject({
    name,
    tenant: name,
    role: z.enum(['user', 'admin']).optional(),
    key: plainKey.optional(),
    /** Of the key, so that the key itself need not lie on a disk. */
    sha256: hash.optional(),
    limits: rates.optional(),
    /** Whether its requests may ask for `service_tier: priority`. */
    priority: z.boolean().optional(),
  })
  .refine((one) => (one.key === undefined) !== (one.sha256 === undefined), 'expected either key or sha256')

const access = z.strictObject({
  keys: z.array(key).min(1, 'expected at least one key'),
  /** Limits that all keys of a tenant share. */
  tenants: z.record(name, rates).optional(),
})

export type RateLimits = Readonly<z.infer<typeof rates>>
export type AccessKey = Readonly<z.infer<typeof key>>
export interface Access {
  readonly keys: readonly AccessKey[]
  readonly tenants?: Readonly<Record<string, RateLimits>>
}

/** Throws ServeArgumentError, which names the wrong field and quotes no key. */
export function readAccess(value: unknown): Access {
  const result = access.safeParse(value)
  if (!result.success) throw complaint(result.error.issues[0])
  const names = result.data.keys.map((each) => each.name)
  const twice = names.find((each, at) => names.indexOf(each) < at)
  if (twice !== undefined) throw new ServeArgumentError('access.keys', 'names that differ', `${twice} twice`)
  return result.data
}

function complaint(issue: z.core.$ZodIssue): ServeArgumentError {
  const argument = ['access', ...issue.path].join('.')
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((each) => JSON.stringify(each)).join(', ')
    return new ServeArgumentError(argument, 'no other fields', names)
  }
  const [, expected, actual] = /expected (.+?)(?:, received (.+))?$/.exec(issue.message) ?? [null, issue.message]
  return new ServeArgumentError(argument, expected, actual ?? 'something else')
}

export function readRates(value: unknown): RateLimits {
  const result = rates.safeParse(value)
  if (result.success) return result.data
  throw new ServeArgumentError('anonymousLimits', 'requestsPerMinute, tokensPerMinute or texts, each at least 1', value)
}

/** Plain keys without a tenant of their own: all of them users of one. */
export function accessOf(apiKeys: readonly string[]): AccessKey[] {
  for (const each of apiKeys) {
    if (plainKey.safeParse(each).success) continue
    throw new ServeArgumentError('apiKeys', 'keys of 16 to 512 visible ASCII characters', `one of ${each.length}`)
  }
  return apiKeys.map((each, at) => ({ name: `key-${at + 1}`, tenant: 'default', key: each }))
}
