-- calls.lua - for test_faults.py: one call from Lua, as calls.c makes it.
--
--   headcount run calls.lua URL KIND KEPT READ CONNECT ATTEMPT CA DNS BYTES
--
-- Prints "warm OK" after KEPT reads and waits for a line; then "done CODE
-- STATUS 0 0 0 0 RIGHT SENTENCE".
local headcount = require "headcount"
local url, kind, kept, read, connect, attempt, ca, dns, bytes =
  table.unpack(arg)

local client = assert(headcount.client {
  region = "eu-west-1", endpoint_url = url, ca_bundle = ca, dns_server = dns,
  read_timeout = read / 1000, connect_timeout = connect / 1000,
  attempt_timeout = attempt ~= "-" and attempt / 1000 or nil,
})

local function call(marker, what, size)
  local operation = what == "read" and "DescribeServices"
    or what == "write" and "RunTask" or "UpdateService"
  local answer, message, code = client:call("ecs", operation,
    { cluster = marker, pad = ("x"):rep(size) },
    { retry_writes = what == "safe" })
  if code and not code:find "^E%u+$" then
    code = "ESERVICE"                  -- it is the service's own
  end
  return answer, message or "", code or "OK"
end

if tonumber(kept) > 0 then
  local _, message, code = call("warm", "read", 0)
  print("warm " .. code, message)
  io.stdout:flush()
  io.read()
end
local answer, message, code = call("it", kind, tonumber(bytes))
print(("done %s 0 0 0 0 0 %d %s"):format(code,
  answer and answer["for"] == "it" and 1 or 0, message))
