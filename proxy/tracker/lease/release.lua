-- Release: gives one attempt's slot back.
--
-- Promise  Idempotent by token. The token is dead from then on, whatever was known of it: an acquire or a renewal of it
--          that is still travelling changes nothing.
-- ARGV     [2] tombstone, ms  [3] session  [4] entry: token session
-- Reply    {'released', 1 if it was live else 0}
local tombstone, session, entry = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local score = call('ZSCORE', attempts, entry)
local live = score and tonumber(score) > 0
local refs = live and call('ZSCORE', sessions, session)
if refs then
  if refs - 1 > 0 then call('ZADD', sessions, refs - 1, session) else call('ZREM', sessions, session) end
end
call('ZADD', attempts, -(now + tombstone), entry)
if due then reap() end
return {'released', live and 1 or 0}
