import { alwaysScript, script } from './redis-link.js'

/** The keys of a queue, in the order of every script. */
export const PARTS = ['body', 'meta', 'ready', 'later', 'taken', 'since', 'seq', 'buried'] as const

/**
 * `body` has the work of a scope as it was pushed, `meta` what changes about it. Members of `ready` (by rank), `later` (by when it is due)
 * and `since` (by when it began to wait) are a number and the scope, so that what came earlier comes first among equals; those of `taken`
 * (by when it is left behind) too.
 */
const queue = `
  local body, meta, ready, later, taken, since, seq, buried = unpack(KEYS)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function load(scope)
    local text = redis.call('HGET', meta, scope)
    return text and cjson.decode(text)
  end
  local function save(scope, item)
    redis.call('HSET', meta, scope, cjson.encode(item))
  end
  local function own(scope, token)
    local item = load(scope)
    return item and item.token == token and item
  end
  local function forget(scope, item)
    redis.call('ZREM', taken, item.member)
    redis.call('HDEL', meta, scope)
    redis.call('HDEL', body, scope)
  end
`

/** ARGV: scope, id, work, milliseconds that its priority is worth, limit or -1, channel. */
export const PUSH = script(`${queue}
  local scope, id, work, worth, limit, channel = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
  local present = load(scope)
  if present then return present.id == id and 'done' or 'busy' end
  local waiting = redis.call('ZCARD', ready) + redis.call('ZCARD', later) + redis.call('ZCOUNT', taken, '-inf', now)
  if limit >= 0 and waiting >= limit then return 'full' end
  local member = string.format('%016.0f', redis.call('INCR', seq)) .. scope
  redis.call('HSET', body, scope, work)
  save(scope, {id = id, member = member, rank = now - worth, deliveries = 0, idle = 0, token = ''})
  redis.call('ZADD', ready, now - worth, member)
  redis.call('ZADD', since, now, member)
  redis.call('PUBLISH', channel, '')
  return 'done'
`)

/** ARGV: token, idleMs. Gives the work and its deliveries, or only the milliseconds until something is due, -1 for never. */
export const CLAIM = alwaysScript(`${queue}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now)) do
    local item = load(string.sub(member, 17))
    redis.call('ZREM', later, member)
    redis.call('ZADD', ready, item.rank, member)
  end
  local member = redis.call('ZRANGEBYSCORE', taken, '-inf', now, 'LIMIT', 0, 1)[1]
  if not member then
    member = redis.call('ZRANGE', ready, 0, 0)[1]
    if not member then
      local due = math.huge
      for _, set in ipairs({later, taken}) do
        local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
        if first[2] then due = math.min(due, tonumber(first[2])) end
      end
      return {due == math.huge and -1 or math.max(1, math.ceil(due - now))}
    end
    redis.call('ZREM', ready, member)
    redis.call('ZREM', since, member)
  end
  local scope = string.sub(member, 17)
  local item = load(scope)
  item.token, item.idle, item.deliveries = ARGV[1], tonumber(ARGV[2]), item.deliveries + 1
  save(scope, item)
  redis.call('ZADD', taken, now + item.idle, member)
  return {redis.call('HGET', body, scope), item.deliveries}
`)

/** ARGV of these: scope, token, and what is named. */
export const EXTEND = alwaysScript(`${queue}
  local item = own(ARGV[1], ARGV[2])
  if not item then return 0 end
  redis.call('ZADD', taken, now + item.idle, item.member)
  return 1
`)

export const FINISH = alwaysScript(`${queue}
  local item = own(ARGV[1], ARGV[2])
  if item then forget(ARGV[1], item) end
  return 1
`)

/** ARGV: also the delay in milliseconds, the channel, and how many deliveries not to count. */
export const GIVE_BACK = alwaysScript(`${queue}
  local item = own(ARGV[1], ARGV[2])
  if not item then return 0 end
  item.token, item.deliveries = '', item.deliveries - tonumber(ARGV[5])
  save(ARGV[1], item)
  redis.call('ZREM', taken, item.member)
  redis.call('ZADD', since, now, item.member)
  local delay = tonumber(ARGV[3])
  if delay > 0 then
    redis.call('ZADD', later, now + delay, item.member)
  else
    redis.call('ZADD', ready, item.rank, item.member)
  end
  redis.call('PUBLISH', ARGV[4], '')
  return 1
`)

/** ARGV: also the reason. The last 10,000 are kept. */
export const BURY = alwaysScript(`${queue}
  local item = own(ARGV[1], ARGV[2])
  if not item then return 0 end
  local record = {reason = ARGV[3], at = now, deliveries = item.deliveries, work = redis.call('HGET', body, ARGV[1])}
  redis.call('LPUSH', buried, cjson.encode(record))
  redis.call('LTRIM', buried, 0, 9999)
  forget(ARGV[1], item)
  return 1
`)

/** ARGV: scope. */
export const FIND = script(`${queue}
  local item = load(ARGV[1])
  return item and item.id
`)

export const STATUS = script(`${queue}
  local left = redis.call('ZCOUNT', taken, '-inf', now)
  local oldest = now
  local first = redis.call('ZRANGE', since, 0, 0, 'WITHSCORES')
  if first[2] then oldest = math.min(oldest, tonumber(first[2])) end
  first = redis.call('ZRANGE', taken, 0, 0, 'WITHSCORES')
  if first[2] then oldest = math.min(oldest, tonumber(first[2])) end
  local waiting = redis.call('ZCARD', ready) + redis.call('ZCARD', later) + left
  return {waiting, redis.call('ZCARD', taken) - left, redis.call('LLEN', buried), now - oldest}
`)
