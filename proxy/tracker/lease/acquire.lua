-- Acquire: admits one attempt of a session, or says why not.
--
-- Promise  Idempotent by token. An insertion leaves the count within the limit. A refused token is dead from then on, so
--          that a copy of this command still travelling cannot be admitted later.
-- ARGV     [2] lease, ms  [3] tombstone, ms  [4] unit: session | attempt  [5] limit  [6] session  [7] token
-- Reply    {'ok' | 'replay', count} | {'full', count, ms until the next lease ends} | {'dead', count}
local lease, tombstone, unit, limit, session, token =
  tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local entry = token .. ' ' .. session

local function count()
  if unit == 'session' then return redis.call('ZCARD', sessions) - 1 end
  return redis.call('ZCOUNT', attempts, string.format('%.0f', now), '+inf') - 1
end

local more = reap()
local score = tonumber(redis.call('ZSCORE', attempts, entry) or 0)
if score < 0 then return {'dead', count()} end
if score > 0 then
  redis.call('ZADD', attempts, 'GT', now + lease, entry)
  return {'replay', count()}
end
local joins = unit == 'session' and redis.call('ZSCORE', sessions, session)
local held = count()
if not joins then
  -- Many leases may have expired together: one batch must not decide that the provider is full.
  for _ = 1, 64 do
    if not more or held < limit then break end
    more = reap()
    held = count()
  end
  if held >= limit then
    redis.call('ZADD', attempts, -(now + tombstone), entry)
    local nearest = redis.call('ZRANGEBYSCORE', attempts, '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return {'full', held, nearest[2] and tonumber(nearest[2]) - now or 0}
  end
end
insert(entry, session, lease)
return {'ok', joins and held or held + 1}
