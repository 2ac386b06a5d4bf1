#!lua
-- The head of every lease script: the lease clock, and the reaper.
--
-- Promise  Lease time advances with this node's TIME, by at most one heartbeat a call, and never goes back by a tick; the
--          rest of a gap is forgotten for good. So a stall, a failover or a caller's wrong clock cannot expire live leases.
--          What has expired goes with the first call of a tick (an eighth of a heartbeat), or before anyone is refused.
-- KEYS     [1] sessions: ZSET session -> number of its live attempts; its anchor `#` scores the time lost so far
--          [2] attempts: ZSET "token session" -> lease expiry while live, minus the tombstone's expiry once released;
--              its anchor `#` scores lease time, as the first call of the tick found it
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
local due, anchored = not lastScore or now - last >= tick, last

-- An unknown token has no score (false), a dead one a negative score.
local minus = 45
local function isLive(score) return score and string.byte(score) ~= minus end

-- Removes what has expired, leases before tombstones, at most a batch; answers whether the batch was full.
local batch = 64
local function reap()
  call('ZADD', attempts, now, '#')
  anchored = now
  local past = call('ZREVRANGEBYSCORE', attempts, now - 1, 1 - now, 'WITHSCORES', 'LIMIT', 0, batch)
  if #past == 0 then return false end
  local entries = {}
  for i = 1, #past, 2 do
    entries[#entries + 1] = past[i]
    local session = isLive(past[i + 1]) and string.match(past[i], '^%S+ (.*)$')
    if session and tonumber(call('ZINCRBY', sessions, -1, session)) <= 0 then call('ZREM', sessions, session) end
  end
  call('ZREM', attempts, unpack(entries))
  if #entries < batch then return false end
  -- There may be more: with the anchor a tick behind, the next call is due too.
  anchored = math.max(last, now - tick)
  call('ZADD', attempts, anchored, '#')
  return true
end
