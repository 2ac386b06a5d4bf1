-- Renew: extends the leases of live attempts. A renewal of nothing is a sweep: it creates the anchors and reaps.
--
-- Promise  A dead token stays dead. A token the store does not know is inserted, even above the limit (its attempt is
--          in flight, and Redis lost the write or its lease ended while its owner lived), and reported. So are tokens of
--          sessions that an operator has ended; they count until their owner gives them back.
-- ARGV     [2] lease, ms  [3], [4], [5], [6] … pairs of session and token
-- Reply    {tokens that were inserted}, {tokens of ended sessions}
local expiry = now + ARGV[2]
local inserted, ended = {}, {}
for i = 3, #ARGV, 2 do
  local session, token = ARGV[i], ARGV[i + 1]
  local entry = token .. ' ' .. session
  local scores = call('ZMSCORE', attempts, entry, '! ' .. session)
  local score, mark = scores[1], scores[2]
  if mark and -mark >= now then ended[#ended + 1] = token end
  if score and tonumber(score) > 0 then
    call('ZADD', attempts, 'GT', expiry, entry)
  elseif not score then
    call('ZADD', attempts, expiry, entry)
    call('ZINCRBY', sessions, 1, session)
    inserted[#inserted + 1] = token
  end
end
-- After the renewals, or a lease that ran out a moment ago would be reaped before its owner could extend it.
reap()
return {inserted, ended}
