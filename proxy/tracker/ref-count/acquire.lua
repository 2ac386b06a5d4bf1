#!lua
-- Acquire with a reference count beside the set: every acquire of a session counts one more reference.
--
-- KEYS   [1] sessions: ZSET session -> last activity, ms   [2] refs: HASH session -> references
-- ARGV   [1] window, ms  [2] limit  [3] session
-- Reply  {'ok' | 'full', count}
local sessions, refs = KEYS[1], KEYS[2]
local window, limit, session = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', '(' .. string.format('%.0f', now - window))
if not redis.call('ZSCORE', sessions, session) and redis.call('ZCARD', sessions) >= limit then
  return {'full', redis.call('ZCARD', sessions)}
end
redis.call('ZADD', sessions, now, session)
redis.call('HINCRBY', refs, session, 1)
redis.call('PEXPIRE', sessions, window)
redis.call('PEXPIRE', refs, window)
return {'ok', redis.call('ZCARD', sessions)}
