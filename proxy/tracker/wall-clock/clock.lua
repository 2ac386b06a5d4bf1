#!lua
-- The head of every wall-clock script: leases that end by the wall clock of whoever calls, and the reaper.
--
-- Promise  None that holds: a caller whose clock is ahead, or the first to call after a stall, ends leases that are alive.
-- KEYS     [1] sessions: ZSET session -> number of its live attempts, and the anchor
--          [2] attempts: ZSET "token session" -> lease expiry while live, minus the tombstone's expiry once released
-- ARGV     [1] the caller's wall clock, Unix time in ms; the rest is the script's own
local call = redis.call
local sessions, attempts = KEYS[1], KEYS[2]
local now = tonumber(ARGV[1])
local due, anchored = true, 0
call('ZADD', sessions, 0, '#')

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
  return #entries == batch
end
