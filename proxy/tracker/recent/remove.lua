#!lua
-- Removes a session outright, whoever else still uses it.
--
-- KEYS   [1] sessions: ZSET session -> last activity, ms
-- ARGV   [1] session
-- Reply  1 if it was a member, else 0
return redis.call('ZREM', KEYS[1], ARGV[1])
