#!lua
-- Remembers which provider a session has just used with success; its idle window begins anew.
--
-- KEYS   [1] session: STRING, a provider's id
-- ARGV   [1] provider  [2] idle window, ms
-- Reply  OK
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
