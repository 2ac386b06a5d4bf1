-- The reaper, behind the clock of every lease script.
--
-- Promise  What has expired goes with the first call of a tick (an eighth of a heartbeat), or before anyone is refused.

-- Removes what has expired, leases and tombstones, at most a batch of each; answers whether a batch was full.
local batch = 64
local function reap()
  call('ZADD', attempts, now, '#')
  anchored = now
  local leases = call('ZREVRANGEBYSCORE', attempts, now - 1, 0, 'LIMIT', 0, batch)
  for _, entry in ipairs(leases) do
    local session = string.match(entry, '^%S+ (.*)$')
    if session and tonumber(call('ZINCRBY', sessions, -1, session)) <= 0 then call('ZREM', sessions, session) end
  end
  if #leases > 0 then call('ZREM', attempts, unpack(leases)) end
  -- By rank, because a range of scores has no limit: the tombstones that stay come first.
  local stay = call('ZCOUNT', attempts, '-inf', -now)
  local tombstones = math.min(batch, call('ZCOUNT', attempts, 1 - now, '(0'))
  if tombstones > 0 then call('ZREMRANGEBYRANK', attempts, stay, stay + tombstones - 1) end
  if #leases < batch and tombstones < batch then return false end
  -- There may be more: with the anchor a tick behind, the next call is due too.
  anchored = math.max(last, now - tick)
  call('ZADD', attempts, anchored, '#')
  return true
end
