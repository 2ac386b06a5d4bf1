#!lua
-- Release of a bare counter: one attempt less, below zero too. Only zero is nobody.
--
-- KEYS   [1] sessions: ZSET session -> attempts
-- ARGV   [1] session
-- Reply  attempts left
local left = tonumber(redis.call('ZINCRBY', KEYS[1], -1, ARGV[1]))
if left == 0 then redis.call('ZREM', KEYS[1], ARGV[1]) end
return left
