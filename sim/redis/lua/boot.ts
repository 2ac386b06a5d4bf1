/** What Redis 7.0 sets up before any script runs (src/script_lua.c, src/eval.c), in Lua. Answers the error handler. */
export const boot = `
local wrong = 'ERR wrong number or type of arguments'
function redis.error_reply(text, ...)
  if type(text) ~= 'string' or select('#', ...) > 0 then return {err = wrong} end
  local code, rest = string.match(text, '^%-?([^ %z]*) ([^%z]*)')
  if not code then code, rest = 'ERR', string.match(text, '^%-?([^%z]*)') end
  rest = string.gsub(string.gsub(rest, '^[\\r\\n]+', ''), '[\\r\\n]+$', '')
  return {err = code .. ' ' .. rest}
end
function redis.status_reply(text, ...)
  if type(text) ~= 'string' or select('#', ...) > 0 then return {err = wrong} end
  return {ok = text}
end
function redis.log() end
function redis.setresp() end
redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3

dofile, loadfile, print, newproxy, collectgarbage = nil, nil, nil, nil, nil
math.random, math.randomseed = nil, nil
local getinfo = debug.getinfo
debug = nil
setmetatable(_G, {
  __index = function(_, name)
    error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
  end,
  __newindex = function() error('Attempt to modify a readonly table', 2) end,
})

return function(problem)
  local level = 2
  local info = getinfo(level, 'nSl')
  -- What Redis has in C is here partly in Lua, under the name of this file.
  while info and (info.what == 'C' or info.source == '@boot') do
    level = level + 1
    info = getinfo(level, 'nSl')
  end
  if type(problem) ~= 'table' then problem = {err = 'ERR ' .. tostring(problem)} end
  if info then problem.source, problem.line = info.source, info.currentline end
  return problem
end
`
