import { alwaysScript, script } from './redis-link.js'

/** What scripts begin with that look at a log: KEYS[first] is its hash, the next its stream. It is as none once its time is over. */
const find = (first: number): string => `
  local log, stream = KEYS[${first}], KEYS[${first + 1}]
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local found = redis.call('HMGET', log, 'length', 'closed', 'reached', 'cancelled', 'expires')
  if found[5] and tonumber(found[5]) <= now then
    redis.call('DEL', log, stream)
    found = {}
  end
  -- it stays a minute longer than anyone is told, for who reads its end
  local function keep(ms)
    redis.call('HSET', log, 'expires', now + ms)
    redis.call('PEXPIRE', log, ms + 60000)
    redis.call('PEXPIRE', stream, ms + 60000)
  end
  local function begin(ms)
    redis.call('HSET', log, 'length', 0, 'closed', 0, 'reached', 0, 'cancelled', 0)
    keep(ms)
  end
`

export const OPEN = script(`${find(1)}
  if not found[1] then begin(ARGV[1]) end
  return 1
`)

export const APPEND = script(`
  local token, epoch, ttl = ARGV[1], ARGV[2], ARGV[3]
  local index, count, json = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
  local keepMs, forgottenMs, channel = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
  local held = redis.call('HMGET', KEYS[1], 'token', 'epoch')
  if held[1] ~= token or held[2] ~= epoch then return {'fenced'} end
${find(2)}
  local length, closed = tonumber(found[1] or 0), found[2] == '1'
  local news = index == length and not closed
  if not news then
    -- the repetition of the last append, whose answer was lost
    local same = index >= 0 and index + count == length and (keepMs >= 0 or not closed)
    if same and count > 0 then
      local tail = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
      same = tail ~= nil and tail[1] == length .. '-0' and tail[2][2] == json
    end
    if not same then return {'order', closed and -1 or length} end
  end
  if news and not found[1] then begin(forgottenMs) end
  -- first of what is written: a server without memory refuses only what comes first
  if news and count > 0 then redis.call('XADD', stream, (index + count) .. '-0', 'e', json) end
  redis.call('PEXPIRE', KEYS[1], ttl)
  if news and (count > 0 or keepMs >= 0) then
    if keepMs >= 0 then
      redis.call('HSET', log, 'length', index + count, 'closed', 1)
      keep(keepMs)
    else
      redis.call('HSET', log, 'length', index + count)
      -- a stream has no time of its own before its first element, and then the day need not begin again with each
      if length == 0 or tonumber(found[5] or 0) - now < forgottenMs / 2 then keep(forgottenMs) end
    end
    redis.call('PUBLISH', channel, '')
  end
  return {'done', tonumber(found[3] or 0), tonumber(found[4] or 0)}
`)

export const REACHED = alwaysScript(`
  local reached = tonumber(redis.call('HGET', KEYS[1], 'reached'))
  if reached and reached < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'reached', ARGV[1]) end
  return 1
`)

export const CANCEL = alwaysScript(`${find(1)}
  if not found[1] then begin(ARGV[1]) end
  if found[2] ~= '1' and found[4] ~= '1' then
    redis.call('HSET', log, 'cancelled', 1)
    redis.call('PUBLISH', ARGV[2], ARGV[3])
  end
  return 1
`)
