-- The lease clock: the head of every lease script, before the reaper.
--
-- Promise  Lease time advances with this node's TIME, by at most one heartbeat a call, and never goes back by a tick; the
--          rest of a gap is forgotten for good. So a stall, a failover or a caller's wrong clock cannot expire live leases.
-- KEYS     [1] sessions: ZSET session -> number of its live attempts; its anchor `#` scores the time lost so far
--          [2] attempts: ZSET "token session" -> lease expiry while live, minus the tombstone's expiry once released;
--              its anchor `#` scores lease time, as the first call of the tick found it. A session that an operator has
--              ended is an entry of the token `!`, dead from the start
-- ARGV     [1] heartbeat, ms; the rest is the script's own. Every time is whole: what lies before `now` is at most `now - 1`
local call = redis.call
local sessions, attempts = KEYS[1], KEYS[2]
local heartbeat, time = tonumber(ARGV[1]), redis.call('TIME')
local tick = math.floor(heartbeat / 8)
local real = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lastScore, lostScore = call('ZSCORE', attempts, '#'), call('ZSCORE', sessions, '#')
local last, lost = lastScore and tonumber(lastScore) or real, lostScore and tonumber(lostScore)
local now = math.max(last, math.min(real - (lost or 0), last + heartbeat))
-- Anchors are never removed: a key that vanished would make multi-key scripts answer TRYAGAIN during a slot's migration.
if lost ~= real - now then call('ZADD', sessions, real - now, '#') end
-- Without its anchor this is another set: an older version, which scores times, has removed all whose scores are counts. Whoever is
-- missing is counted again, and the set does not end with the time to live that it was given.
if lastScore and not lostScore then
  local missing = {}
  for _, entry in ipairs(call('ZRANGEBYSCORE', attempts, '(0', '+inf')) do
    local session = string.match(entry, '^%S+ (.*)$')
    if session and missing[session] == nil then missing[session] = not call('ZSCORE', sessions, session) end
    if session and missing[session] then call('ZINCRBY', sessions, 1, session) end
  end
  call('PERSIST', sessions)
end
local due, anchored = not lastScore or now - last >= tick, last
