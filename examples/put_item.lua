-- put_item.lua - writes the body of an HTTP event, { user_id, message }, to a
-- DynamoDB table over a connection that stays open, and answers how long that
-- took.
--
-- In AWS Lambda: put this file beside the binary, which is named `bootstrap`.
-- Set the handler to put_item.lua and TABLE to the name of the table (its key:
-- userId and postId, both texts).
-- On a command line each line of standard input is an event:
--
--   TABLE=messages headcount run put_item.lua < events.jsonl
local headcount = require "headcount"
local json = headcount.json
local client = assert(headcount.client {
  keep_alive = os.getenv "KEEP_ALIVE" ~= "off",
})

local function answer(status, body)
  return { statusCode = status, body = json.encode(body) }
end

-- If Lambda delivers a request twice, both make the same post.
local function post_id(context)
  if context then
    return context.request_id
  end
  return ("%016x%016x"):format(math.random(0), math.random(0))
end

local function handler(event, context)
  local item, why = json.decode(type(event.body) == "string" and event.body
    or "")
  if type(item) ~= "table" or type(item.user_id) ~= "string"
     or type(item.message) ~= "string" then
    return answer(400, { error = why or "user_id and message are texts" })
  end
  local id = post_id(context)
  local start = headcount.now()
  local done, message, code = client:call("dynamodb", "PutItem", {
    TableName = os.getenv "TABLE" or "messages",
    Item = { userId = { S = item.user_id }, postId = { S = id },
             message = { S = item.message } },
  })
  local ms = (headcount.now() - start) * 1000
  if not done then
    return answer(502, { error = message, code = code })
  end
  return answer(200, { userId = item.user_id, postId = id,
                       duration_in_ms = ms,
                       connections_opened = client:stats().connections_opened })
end

if arg and arg[0] and arg[0]:find "put_item%.lua$" then
  for line in io.lines() do
    local event, why = json.decode(line)
    print(json.encode(event and handler(event)
                      or answer(400, { error = why })))
  end
end

return handler
