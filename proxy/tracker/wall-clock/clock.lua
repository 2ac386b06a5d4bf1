-- The head of every wall-clock script, before the reaper: leases end by the wall clock of whoever calls.
--
-- Promise  None that holds: a caller whose clock is ahead, or the first to call after a stall, ends leases that are alive.
-- KEYS     [1] sessions: ZSET session -> number of its live attempts, and the anchor
--          [2] attempts: ZSET "token session" -> lease expiry while live, minus the tombstone's expiry once released
-- ARGV     [1] the caller's wall clock, Unix time in ms; the rest is the script's own
local call = redis.call
local sessions, attempts = KEYS[1], KEYS[2]
local now = tonumber(ARGV[1])
local due, anchored, last, tick = true, 0, now, 0
call('ZADD', sessions, 0, '#')
