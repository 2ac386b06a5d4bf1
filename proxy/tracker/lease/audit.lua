-- Audit: rebuilds the counts of one batch of sessions from the attempts.
--
-- Promise  A member that no live attempt backs goes, whoever wrote it; a count that differs is mended; with the first batch
--          sessions come back that are missing though they have live attempts. What the other scripts do meanwhile stays right.
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
local seen = call('ZRANGE', sessions, from, from + size - 1, 'REV', 'WITHSCORES')
for i = 1, #seen, 2 do
  local session, attemptsOf = seen[i], backed[seen[i]]
  if session ~= '#' and not attemptsOf then
    call('ZREM', sessions, session)
    removed[#removed + 1] = session
  elseif session ~= '#' and tonumber(seen[i + 1]) ~= attemptsOf then
    call('ZADD', sessions, attemptsOf, session)
    mended[#mended + 1] = session
  end
end
if from == 0 then
  for session, attemptsOf in pairs(backed) do
    if call('ZADD', sessions, 'NX', attemptsOf, session) == 1 then mended[#mended + 1] = session end
  end
end
-- Lua has no order of its own.
table.sort(mended)
return {#seen / 2, removed, mended}
