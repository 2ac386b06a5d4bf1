-- Release: gives one attempt's slot back.
--
-- Promise  Idempotent by token. The token is dead from then on, whatever was known of it: an acquire or a renewal of it
--          that is still travelling changes nothing.
-- ARGV     [2] tombstone, ms  [3] session  [4] token
-- Reply    {'released', 1 if it was live else 0}
local tombstone, session, token = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local entry = token .. ' ' .. session
local live = tonumber(redis.call('ZSCORE', attempts, entry) or 0) > 0
if live then uncount(session) end
redis.call('ZADD', attempts, -(now + tombstone), entry)
reap()
return {'released', live and 1 or 0}
