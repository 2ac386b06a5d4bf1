-- The reaper, behind the clock of every lease script.
--
-- Promise  What has expired goes with the first call of a tick (an eighth of a heartbeat), or before anyone is refused.

-- An unknown token has no score (false), a dead one a negative score.
local minus = 45
local function isLive(score) return score and string.byte(score) ~= minus end
-- Until its mark is over, an operator has ended this session.
local function isMarked(score) return score and -score >= now end

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
