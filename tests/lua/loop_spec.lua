-- headcount.loop: what runs side by side, and what becomes of errors.
local headcount = require "headcount"

local function client()
  return assert(headcount.client {
    region = "eu-west-1", endpoint_url = "http://127.0.0.1:1",
    max_attempts = 1, no_sign_request = true })
end

describe("headcount.now", function()
  it("goes on, and never back", function()
    local start = headcount.now()
    local last = start
    while last == start do
      local now = headcount.now()
      assert.is_true(now >= last)
      last = now
    end
    assert.equal("float", math.type(last))
    assert.is_true(last - start < 60)
  end)
end)

describe("headcount.loop", function()
  it("returns what its function returns", function()
    assert.same({ 1, nil, 3, n = 3 }, table.pack(headcount.loop(function()
      return 1, nil, 3
    end)))
  end)

  it("runs what it spawned side by side, to the end", function()
    local c <close> = client()
    local order = {}
    headcount.loop(function(spawn)
      for i = 1, 3 do
        spawn(function(j)
          order[#order + 1] = "begin " .. j
          local _, _, code = c:call("ecs", "ListClusters", {})
          order[#order + 1] = code
        end, i)
      end
      order[#order + 1] = "main"
    end)
    assert.same({ "main", "begin 1", "begin 2", "begin 3", "ECONNECT",
                  "ECONNECT", "ECONNECT" }, order)
    assert.equal(3, c:stats().api_calls)
  end)

  it("lets tasks wait for each other", function()
    local c <close> = client()
    local sum = headcount.loop(function(spawn)
      local slow = spawn(function()
        c:call("ecs", "ListClusters")
        return 20, 2
      end)
      local quick = spawn(function() return 20 end)
      local other = spawn(function() return (select(2, slow:wait())) end)
      return quick:wait() + slow:wait() + other:wait()
    end)
    assert.equal(42, sum)
  end)

  it("gives a plain yield to the others", function()
    local order = {}
    headcount.loop(function(spawn)
      spawn(function() order[#order + 1] = "b" end)
      order[#order + 1] = "a"
      coroutine.yield()
      order[#order + 1] = "c"
    end)
    assert.same({ "a", "b", "c" }, order)
  end)

  it("waits on the spot for coroutines of somebody else", function()
    local c <close> = client()
    local code = headcount.loop(function()
      return coroutine.wrap(function()
        return (select(3, c:call("ecs", "ListClusters")))
      end)()
    end)
    assert.equal("ECONNECT", code)
  end)

  it("goes through pcall", function()
    local c <close> = client()
    local ok, _, _, code = headcount.loop(function()
      return pcall(c.call, c, "ecs", "ListClusters")
    end)
    assert.is_true(ok)
    assert.equal("ECONNECT", code)
  end)

  it("ends with the first error, and closes the rest", function()
    local c <close> = client()
    local closed = false
    local ok, message = pcall(headcount.loop, function(spawn)
      spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = true
        end })
        c:call("ecs", "ListClusters")
      end)
      spawn(function() error "boom" end)
    end)
    assert.is_false(ok)
    assert.matches("loop_spec%.lua:%d+: boom", message)
    assert.matches("traceback", message)
    assert.is_true(closed)
    assert.equal(7, headcount.loop(function() return 7 end))
  end)

  it("leaves nothing under way behind an error", function()
    local c <close> = client()
    pcall(headcount.loop, function(spawn)
      spawn(function() c:call("ecs", "ListClusters") end)
      spawn(function() coroutine.yield() error "boom" end)
      coroutine.yield()
      c:call("ecs", "ListClusters")
    end)
    -- the client goes on as if they had never been
    assert.equal("ECONNECT", select(3, c:call("ecs", "ListClusters")))
  end)

  it("ends what is under way when its client is closed", function()
    local c = client()
    local message, code = headcount.loop(function(spawn)
      spawn(function() c:close() end)
      local _, why, name = c:call("ecs", "ListClusters")
      return why, name
    end)
    assert.matches("closed", message)
    assert.equal("ECANCELLED", code)
  end)

  it("says when nobody can go on", function()
    local ok, message = pcall(headcount.loop, function(spawn)
      local first
      local second = spawn(function() first:wait() end)
      first = spawn(function() second:wait() end)
      second:wait()
    end)
    assert.is_false(ok)
    assert.matches("waits for a task", message)
  end)

  it("raises for misuse", function()
    assert.has_error(function() headcount.loop() end,
      "headcount.loop takes a function, not a nil")
    assert.has_error(function()
      headcount.loop(function() headcount.loop(function() end) end)
    end)
    assert.equal(7, headcount.loop(function() return 7 end))
  end)
end)

describe("headcount.sleep", function()
  it("lets other tasks and their calls go on", function()
    local c <close> = client()
    local order = {}
    headcount.loop(function(spawn)
      spawn(function()
        headcount.sleep(0.05)
        order[#order + 1] = "slept"
      end)
      spawn(function()
        local _, _, code = c:call("ecs", "ListClusters", {})
        order[#order + 1] = code
        headcount.sleep(0)
        order[#order + 1] = "after nothing"
      end)
    end)
    assert.same({ "ECONNECT", "after nothing", "slept" }, order)
  end)

  it("wakes tasks in the order of their moments", function()
    local order = {}
    headcount.loop(function(spawn)
      for _, ms in ipairs { 30, 10, 20 } do
        spawn(function()
          headcount.sleep(ms / 1000)
          order[#order + 1] = ms
        end)
      end
    end)
    assert.same({ 10, 20, 30 }, order)
  end)

  it("takes its time, outside of a loop too", function()
    local start = headcount.now()
    headcount.sleep(0.02)
    assert.is_true(headcount.now() - start >= 0.02)
    headcount.loop(function()
      local co = coroutine.wrap(function() headcount.sleep(0.02) end)
      start = headcount.now()
      co()                                    -- not a task of the loop
      assert.is_true(headcount.now() - start >= 0.02)
    end)
  end)

  it("refuses what is no time", function()
    for _, bad in ipairs { -1, 1e10, 0 / 0, "1", {}, false } do
      local ok, why = pcall(headcount.sleep, bad)
      assert.is_false(ok)
      assert.truthy(why:find("a number of seconds from 0 to 1e9", 1, true))
    end
    assert.is_false(pcall(headcount.sleep))
  end)
end)
