#!lua
-- Acquire as it was before any release existed: a session is a member until its last activity is a window ago.
--
-- KEYS   [1] sessions: ZSET session -> last activity, ms
-- ARGV   [1] window, ms  [2] limit  [3] session
-- Reply  {'ok' | 'full', count}
local sessions = KEYS[1]
local window, limit, session = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', '(' .. string.format('%.0f', now - window))
if not redis.call('ZSCORE', sessions, session) and redis.call('ZCARD', sessions) >= limit then
  return {'full', redis.call('ZCARD', sessions)}
end
redis.call('ZADD', sessions, now, session)
redis.call('PEXPIRE', sessions, window)
return {'ok', redis.call('ZCARD', sessions)}
