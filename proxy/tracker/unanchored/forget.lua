#!lua
-- Forget: the anchors go, and with the last member a key.
--
-- KEYS   [1] sessions  [2] attempts
-- Reply  how many anchors there were
return redis.call('ZREM', KEYS[1], '#') + redis.call('ZREM', KEYS[2], '#')
