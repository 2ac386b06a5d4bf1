-- Audit: rebuilds the counts from the attempts, and takes off one batch of members.
--
-- Promise  A member that no attempt backs goes, whoever wrote it. With the first batch counts that differ are mended, and sessions
--          come back that are missing though they have attempts. What the other scripts do meanwhile stays right.
--          Batches go from the highest score down: there the members of other versions are, which score times and not counts,
--          and nothing that joins meanwhile moves them. Its time grows with the live attempts and with the batch.
-- ARGV     [2] how many members to pass over  [3] how many to look at
-- Reply    members seen, {members removed}, {members whose count was mended}
local from, size = tonumber(ARGV[2]), tonumber(ARGV[3])
if due then reap() end
local backed = {}
-- What has expired and was not reaped yet counts until it is: the reaper will take it off.
for _, entry in ipairs(call('ZRANGEBYSCORE', attempts, '(0', '+inf')) do
  local session = string.match(entry, '^%S+ (.*)$')
  if session then backed[session] = (backed[session] or 0) + 1 end
end
local removed, mended = {}, {}
if from == 0 then
  for session, attemptsOf in pairs(backed) do
    if call('ZADD', sessions, 'CH', attemptsOf, session) == 1 then mended[#mended + 1] = session end
  end
end
local seen = call('ZRANGE', sessions, from, from + size - 1, 'REV')
-- By rank those side by side cost half. The last go first: that moves none of those before them.
local together = 0
for i = #seen, 0, -1 do
  local session = seen[i]
  if i > 0 and session ~= '#' and not backed[session] then
    removed[#removed + 1] = session
    together = together + 1
  elseif together > 0 then
    call('ZREMRANGEBYRANK', sessions, -(from + i + together), -(from + i + 1))
    together = 0
  end
end
-- Lua has no order of its own.
table.sort(mended)
return {#seen, removed, mended}
