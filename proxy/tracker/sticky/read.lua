#!lua
-- Which provider a session used last with success.
--
-- KEYS   [1] session: STRING, a provider's id
-- Reply  the id, or nil once the session's idle window is over
return redis.call('GET', KEYS[1])
