-- Acquire: admits one attempt of a session, or says why not.
--
-- Promise  Idempotent by token. An insertion leaves the count within the limit. A refused token is dead from then on, so
--          that a copy of this command still travelling cannot be admitted later. A session that an operator has ended gets
--          nothing until its mark is over. A limit of 0 is none.
-- ARGV     [2] lease, ms  [3] tombstone, ms  [4] unit: session | attempt  [5] limit  [6] session  [7] entry: token session
--          [8] the session's mark: ! session
-- Reply    {'ok' | 'replay', count} | {'full', count, ms until the next lease ends} | {'dead' | 'terminated', count}
local lease, unit, limit, session, entry = tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local perSession = unit == 'session'

local function count()
  if perSession then return call('ZCARD', sessions) - 1 end
  return call('ZCOUNT', attempts, now, '+inf') - (anchored == now and 1 or 0)
end

local more = not due or reap()
local scores = call('ZMSCORE', attempts, entry, ARGV[8])
local score, mark = scores[1], scores[2]
if score and tonumber(score) > 0 then
  call('ZADD', attempts, 'GT', now + lease, entry)
  return {'replay', count()}
end
if score then return {'dead', count()} end
if mark and -mark >= now then
  call('ZADD', attempts, -(now + ARGV[3]), entry)
  return {'terminated', count()}
end

local refs = call('ZSCORE', sessions, session)
local joins = limit == 0 or perSession and refs
local held = count()
-- Many leases may have expired together: one batch must not decide that the provider is full.
for _ = 1, 64 do
  if joins or held < limit or not more then break end
  more = reap()
  held = count()
end
if joins or held < limit then
  call('ZADD', attempts, now + lease, entry)
  call('ZADD', sessions, refs and refs + 1 or 1, session)
  return {'ok', perSession and refs and held or held + 1}
end
call('ZADD', attempts, -(now + ARGV[3]), entry)
local nearest = call('ZRANGEBYSCORE', attempts, now + 1, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
return {'full', held, nearest[2] and tonumber(nearest[2]) - now or 0}
