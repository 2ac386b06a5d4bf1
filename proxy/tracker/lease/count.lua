-- Count: how many sessions are in.
--
-- Reply    members of the active set, the anchor left out
if due then reap() end
return call('ZCARD', sessions) - 1
