-- put_item.lua - the body of an HTTP event, { user_id, message }, into a
-- DynamoDB table, over a connection that stays open; and how long that took.
--
--   TABLE=messages headcount run put_item.lua < events.jsonl
--
-- Each line is one event.  It returns the handler, for hosts that call it.
local headcount = require "headcount"
local json = headcount.json
local client = assert(headcount.client {
  keep_alive = os.getenv "KEEP_ALIVE" ~= "off",
})

local function answer(status, body)
  return { statusCode = status, body = json.encode(body) }
end

local function handler(event)
  local item, why = json.decode(type(event.body) == "string" and event.body
    or "")
  if type(item) ~= "table" or type(item.user_id) ~= "string"
     or type(item.message) ~= "string" then
    return answer(400, { error = why or "user_id and message are texts" })
  end
  local done, message, code = client:call("dynamodb", "PutItem", {
    TableName = os.getenv "TABLE" or "messages",
    Item = { user_id = { S = item.user_id }, message = { S = item.message } },
  })
  if not done then
    return answer(502, { error = message, code = code })
  end
  local stats = client:stats()
  return answer(200, { user_id = item.user_id,
                       connections_opened = stats.connections_opened })
end

if arg and arg[0] and arg[0]:find "put_item%.lua$" then
  for line in io.lines() do
    local event, why = json.decode(line)
    local start = os.clock()
    local result = event and handler(event) or answer(400, { error = why })
    print(json.encode(result))
    io.stderr:write(("PutItem: %.1f ms of this process's time\n")
      :format((os.clock() - start) * 1000))
  end
end

return handler
