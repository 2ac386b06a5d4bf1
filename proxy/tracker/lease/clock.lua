#!lua
-- The head of every lease script: the lease clock, and the helpers that keep both keys in step.
--
-- Promise  Lease time advances with this node's TIME, by at most one heartbeat a call, and never goes back; the rest of
--          a gap is forgotten for good. So a stall, a failover or a caller's wrong clock cannot expire live leases.
-- KEYS     [1] sessions: ZSET session -> number of its live attempts; its anchor `#` scores the time lost so far
--          [2] attempts: ZSET "token session" -> lease expiry while live, minus the tombstone's expiry once released;
--              its anchor `#` scores lease time
-- ARGV     [1] heartbeat, ms; the rest is the script's own
local sessions, attempts = KEYS[1], KEYS[2]
local heartbeat = tonumber(ARGV[1])
local time = redis.call('TIME')
local real = time[1] * 1000 + math.floor(time[2] / 1000)
local lostScore = redis.call('ZSCORE', sessions, '#')
local lastScore = redis.call('ZSCORE', attempts, '#')
local last = tonumber(lastScore or real)
local now = math.max(last, math.min(real - tonumber(lostScore or 0), last + heartbeat))
-- Anchors are never removed: a key that vanished would make multi-key scripts answer TRYAGAIN during a slot's migration.
if not lostScore or tonumber(lostScore) ~= real - now then redis.call('ZADD', sessions, real - now, '#') end
if not lastScore or last ~= now then redis.call('ZADD', attempts, now, '#') end

local function insert(entry, session, lease)
  redis.call('ZADD', attempts, now + lease, entry)
  redis.call('ZINCRBY', sessions, 1, session)
end

local function uncount(session)
  if tonumber(redis.call('ZINCRBY', sessions, -1, session)) <= 0 then redis.call('ZREM', sessions, session) end
end

-- Removes what has expired, leases before tombstones, at most a batch; answers whether the batch was full.
local batch = 64
local function reap()
  local edge = string.format('%.0f', now)
  local past = redis.call('ZREVRANGEBYSCORE', attempts, '(' .. edge, '(-' .. edge, 'WITHSCORES', 'LIMIT', 0, batch)
  for i = 1, #past, 2 do
    redis.call('ZREM', attempts, past[i])
    if tonumber(past[i + 1]) > 0 then uncount(string.match(past[i], '^%S+ (.*)$')) end
  end
  return #past == 2 * batch
end
