#!lua
-- Acquire of a bare counter: one more attempt of this session. Whoever sends it twice counts twice.
--
-- KEYS   [1] sessions: ZSET session -> attempts
-- ARGV   [1] limit  [2] session
-- Reply  {'ok' | 'full', count}
local sessions = KEYS[1]
local limit, session = tonumber(ARGV[1]), ARGV[2]
local held = redis.call('ZCOUNT', sessions, 1, '+inf')
local own = redis.call('ZSCORE', sessions, session)
if not (own and tonumber(own) > 0) and held >= limit then return {'full', held} end
redis.call('ZINCRBY', sessions, 1, session)
return {'ok', redis.call('ZCOUNT', sessions, 1, '+inf')}
