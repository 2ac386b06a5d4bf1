-- Renew: extends the leases of live attempts. A renewal of nothing is a sweep: it creates the anchors and reaps.
--
-- Promise  A dead token stays dead. A token the store does not know is inserted, even above the limit (its attempt is
--          in flight, and Redis lost the write or its lease ended while its owner lived), and reported.
-- ARGV     [2] lease, ms  [3], [4], [5], [6] … pairs of session and token
-- Reply    {lease time, ms; tokens that were inserted …}
local expiry = now + ARGV[2]
local inserted = {}
for i = 3, #ARGV, 2 do
  local session, token = ARGV[i], ARGV[i + 1]
  local entry = token .. ' ' .. session
  local score = call('ZSCORE', attempts, entry)
  if isLive(score) then
    call('ZADD', attempts, 'GT', expiry, entry)
  elseif not score then
    call('ZADD', attempts, expiry, entry)
    call('ZINCRBY', sessions, 1, session)
    inserted[#inserted + 1] = token
  end
end
-- After the renewals, or a lease that ran out a moment ago would be reaped before its owner could extend it.
reap()
return {now, unpack(inserted)}
