-- Terminate: marks a session as ended by an operator.
--
-- Promise  Until the mark is over the session is admitted nowhere, and whoever renews one of its attempts is told. Attempts that
--          are in flight count until their owner gives them back. Repeats make the mark last longer, nothing else.
-- ARGV     [2] how long the mark lasts, ms  [3] session
-- Reply    live attempts of the session
call('ZADD', attempts, -(now + ARGV[2]), '! ' .. ARGV[3])
if due then reap() end
return tonumber(call('ZSCORE', sessions, ARGV[3]) or 0)
