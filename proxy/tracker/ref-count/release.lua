#!lua
-- Release after a failure: one reference less, and the session goes with its last one. Nothing calls it after a success.
--
-- KEYS   [1] sessions: ZSET session -> last activity, ms   [2] refs: HASH session -> references
-- ARGV   [1] session
-- Reply  references left
local sessions, refs, session = KEYS[1], KEYS[2], ARGV[1]
local left = redis.call('HINCRBY', refs, session, -1)
if left <= 0 then
  redis.call('HDEL', refs, session)
  redis.call('ZREM', sessions, session)
end
return left
