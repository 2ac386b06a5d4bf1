#!lua
-- How many hold a slot, and whether this session is among them: an answer that is old when it arrives.
--
-- KEYS   [1] sessions: ZSET session -> number of its live attempts, and the anchor
--        [2] attempts: ZSET "token session" -> lease expiry while live, and the anchor
-- ARGV   [1] unit: session | attempt  [2] session
-- Reply  {count, 1 if the session is a member else 0}
local sessions, attempts = KEYS[1], KEYS[2]
local unit, session = ARGV[1], ARGV[2]
local members = redis.call('ZCARD', sessions)
if members > 0 then members = members - 1 end
if unit == 'attempt' then
  members = redis.call('ZCOUNT', attempts, '(0', '+inf')
  if members > 0 then members = members - 1 end
end
return {members, redis.call('ZSCORE', sessions, session) and 1 or 0}
