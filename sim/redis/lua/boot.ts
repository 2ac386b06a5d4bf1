/** What Redis 7.0 sets up before any script runs (src/script_lua.c, src/eval.c), in Lua. Answers the error handler. */
export const boot = `
function redis.error_reply(text)
  if type(text) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
  if string.sub(text, 1, 1) == '-' then text = string.sub(text, 2) end
  text = string.gsub(text, '[\\r\\n]+$', '')
  if not string.find(text, ' ', 1, true) then text = 'ERR ' .. text end
  return {err = text}
end
function redis.status_reply(text)
  if type(text) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
  return {ok = text}
end
function redis.log() end
function redis.setresp() end
redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3

-- Redis's own pcall: the error of a redis.call reaches the script as text.
local plain = pcall
local function answer(fine, ...)
  if fine then return fine, ... end
  local problem = ...
  if type(problem) == 'table' and type(problem.err) == 'string' then return false, problem.err end
  return false, ...
end
function pcall(...) return answer(plain(...)) end

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
