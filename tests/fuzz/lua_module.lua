-- The script of lua_module_fuzz.c: each byte is an operation, or what it takes.
local bytes, port, serve, closing = ...
local headcount = require 'headcount'
local core, json = require 'headcount.core', headcount.json
local at, left, depth = 0, 300, 0
local clients, threads, calls, keep, run = {}, {}, {}, {}, nil
local shared = { list = {}, options = {}, headers = {}, input = {} }
local cluster = 'arn:aws:ecs:eu-west-1:000000000000:cluster/prod'
local snapshot = '{"format_version":"1.0","complete":true,' ..
  '"taken":"2026-11-24T00:00:00Z","cluster":"' .. cluster ..
  '","services":[],"failures":[],"readings":[]}'
local function byte()
  at = at + 1
  return bytes:byte(at) or 0
end
local function some(list) return list[byte() % 3 + 1] end
local function later()  -- a function of its own operations
  local from, n = at, byte() % 16
  at = at + n
  return function()
    if left <= 0 or depth > 6 then return end
    local back = at
    at, depth = from + 1, depth + 1
    local ok, why = pcall(function()
      while at < from + 1 + n and left > 0 do run() end
    end)
    at, depth = back, depth - 1
    if not ok then error(why, 0) end
  end
end
local function options()
  local b = byte()
  shared.options = { timeout = 0.003,
    region = b & 1 > 0 and 'eu-west-' .. b or nil,
    endpoint_url = 'http://127.0.0.1:' .. (b & 2 > 0 and port or 1) }
  return shared.options
end
local function new(i)
  -- What a finalizer makes while Lua closes its state has no finalizer itself.
  clients[i] = not closing() and headcount.client {
    region = 'eu-west-1', max_attempts = 1, no_sign_request = true,
    endpoint_url = 'http://127.0.0.1:' .. (byte() % 2 > 0 and port or 1),
    ca_bundle = 'tests/fuzz/corpus/pem/good' } or clients[i]
  return clients[i]
end
local function client() -- mostly an open one
  local b = byte()
  local i = b % 3 + 1
  local c = clients[i]
  if b < 240 and (not c or tostring(c):find 'closed') then
    c = new(i)
  end
  return c
end
-- f when garbage was collected n times
local function after(n, f)
  setmetatable({}, { __gc = function()
    if n > 0 then after(n - 1, f) else f() end
  end })
end
local ops = {
  function() new(byte() % 3 + 1) end,
  function()
    keep[#keep + 1] = client():call('ecs', 'List' .. 'Clusters',
                                    shared.input, options())
  end,
  function()
    keep[#keep + 1] = client():fetch { timeout = 0.003,
      url = 'http://127.0.0.1:' .. (byte() % 2 > 0 and port or 1) ..
            '/', headers = shared.headers, body = 'b' .. byte() }
  end,
  function()
    keep[#keep + 1] = client():reconcile(nil, {
      services = shared.list, snapshot = snapshot, dry_run = true,
      record = byte() % 2 > 0 })
  end,
  function()
    keep[#keep + 1] = client():reconcile(nil, { dry_run = true,
      policy = 'return {}\n', snapshot = snapshot })
  end,
  function() some(clients):close() end,
  function()
    local what = byte() % 6
    if what < 2 then collectgarbage()
    elseif what < 4 then collectgarbage('step', byte())
    elseif what < 5 then collectgarbage('generational')
    else collectgarbage('incremental') end
  end,
  function() after(0, later()) end,
  function() after(byte() % 64, later()) end,
  function() threads[byte() % 3 + 1] = coroutine.create(later()) end,
  function() calls[byte() % 3 + 1] =
    select(2, coroutine.resume(some(threads))) end,
  function() coroutine.wrap(later())() end,
  function()
    local first, second, third = later(), later(), later()
    headcount.loop(function(spawn)
      local task = spawn(function()
        threads[1] = coroutine.running()
        return second()
      end)
      spawn(third)
      first()
      task:wait()
    end)
  end,
  function() error(byte() % 2 > 0 and 'x' or {}) end,
  function()
    local f = later()
    local a <close> = client()
    local b <close> = setmetatable({}, { __close = f })
    run()
  end,
  function() coroutine.yield(some(calls)) end,
  function() core.enter(some(threads), byte() % 4 > 0) end,
  function() core.stop(some(calls)) end,
  function() keep[#keep + 1] = core.wait(calls) end,
  function() getmetatable(some(calls)).__gc(some(calls)) end,
  function()  -- without its timeout a call would wait for a minute
    for _, t in pairs(shared) do
      for k in pairs(t) do
        if k ~= 'timeout' then t[k] = nil end
      end
    end
  end,
  function()
    for i = 1, byte() % 9 do
      shared.list[i] = 's' .. byte()
      shared.headers['h' .. byte()] = 'v' .. i
      shared.input['k' .. byte()] = { ['i' .. i] = { i } }
    end
  end,
  function()
    keep[#keep + 1] = json.decode(json.encode(shared.input))
  end,
  function()
    keep[#keep + 1] = headcount.sign { url = 'http://127.0.0.1/' ..
      byte(), service = 'ecs', region = 'eu', access_key_id = 'a',
      secret_access_key = 'b', headers = shared.headers }
  end,
  function()
    debug.sethook(later(), ({ 'c', 'r', 'cr', '' })[byte() % 4 + 1],
                  byte() % 2 * 99)
  end,
  function() debug.sethook() end,
  function() coroutine.close(some(threads)) end,
  function() keep = {} end,
  serve,
  function() some(clients):stats() end,
  function() tostring(some(clients)) end,
}
function run()
  left = left - 1
  ops[byte() % #ops + 1]()
end
while at < #bytes and left > 0 do pcall(run) end
debug.sethook()
left = 50 -- for finalizers
