import { script } from './redis-link.js'

/**
 * KEYS: a hash of levels and a set of texts for each budget, in turn. ARGV: requests, tokens and texts; the id of who takes; milliseconds after
 * which its texts are given up; then the three limits of each budget, -1 for none. Times are those of the server, in milliseconds.
 */
const accounts = `
  local use = {requests = tonumber(ARGV[1]), tokens = tonumber(ARGV[2]), texts = tonumber(ARGV[3])}
  local id, ttl = ARGV[4], tonumber(ARGV[5])
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local function number(value) return string.format('%.17g', value) end
  local all = {}
  for at = 1, #KEYS / 2 do
    local own = {levels = KEYS[2 * at - 1], texts = KEYS[2 * at], limit = {}, level = {}}
    for place, kind in ipairs({'requests', 'tokens', 'texts'}) do
      own.limit[kind] = tonumber(ARGV[2 + 3 * at + place])
    end
    local found = redis.call('HMGET', own.levels, 'requests', 'tokens', 'at')
    for place, kind in ipairs({'requests', 'tokens'}) do
      local limit = own.limit[kind]
      local since = math.max(0, now - (tonumber(found[3]) or now))
      own.level[kind] = math.min(limit, (tonumber(found[place]) or limit) + since / 60000 * limit)
    end
    redis.call('ZREMRANGEBYSCORE', own.texts, '-inf', now)
    own.held = redis.call('ZCARD', own.texts)
    all[at] = own
  end
  local function change(sign)
    for _, own in ipairs(all) do
      for _, kind in ipairs({'requests', 'tokens'}) do
        own.level[kind] = math.min(own.limit[kind], own.level[kind] - sign * use[kind])
        redis.call('HSET', own.levels, kind, number(own.level[kind]))
      end
      redis.call('HSET', own.levels, 'at', now)
      -- full again by then
      redis.call('PEXPIRE', own.levels, 600000)
      if own.limit.texts >= 0 then
        for text = 1, use.texts do
          local member = id .. ':' .. text
          if sign > 0 then redis.call('ZADD', own.texts, now + ttl, member) else redis.call('ZREM', own.texts, member) end
        end
        redis.call('PEXPIRE', own.texts, ttl)
        own.held = redis.call('ZCARD', own.texts)
      end
    end
  end
`

/** ARGV goes on with the key that tells of a repetition. Gives what is missing and for how long, and kind, limit, rest and reset of each budget. */
export const TAKE = script(`
  local again = table.remove(KEYS)
  ${accounts}
  local missing, retry = '', 0
  local function lack(kind, ms)
    if ms > retry then missing, retry = kind, ms end
  end
  if redis.call('EXISTS', again) == 0 then
    for _, own in ipairs(all) do
      for _, kind in ipairs({'requests', 'tokens'}) do
        local limit = own.limit[kind]
        if limit >= 0 and use[kind] > 0 then
          lack(kind, math.max(0, math.min(use[kind], limit) - own.level[kind]) / limit * 60000)
        end
      end
      if own.limit.texts >= 0 and use.texts > 0 and own.held + use.texts > own.limit.texts then lack('texts', 1000) end
    end
    if missing == '' then
      redis.call('SET', again, '', 'PX', 60000)
      change(1)
    end
  end
  local result = {missing, number(retry)}
  for _, own in ipairs(all) do
    for _, kind in ipairs({'requests', 'tokens', 'texts'}) do
      local limit = own.limit[kind]
      if limit >= 0 then
        local rest = kind == 'texts' and limit - own.held or own.level[kind]
        local reset = kind == 'texts' and 0 or math.max(0, limit - rest) / limit * 60000
        for _, value in ipairs({kind, limit, number(math.max(0, math.floor(rest))), number(reset)}) do
          table.insert(result, value)
        end
      end
    end
  end
  return result
`)

/** KEYS: sets of texts. ARGV: milliseconds until they are given up, and the texts. One that was given up comes back: it is running. */
export const RENEW = script(`
  local time = redis.call('TIME')
  local until_ = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
  for _, key in ipairs(KEYS) do
    for at = 2, #ARGV do redis.call('ZADD', key, until_, ARGV[at]) end
    redis.call('PEXPIRE', key, ARGV[1])
  end
  return 1
`)

export const GIVE_BACK = script(`
  local again = table.remove(KEYS)
  ${accounts}
  if redis.call('SET', again, '', 'NX', 'PX', 60000) then change(-1) end
  return 1
`)
