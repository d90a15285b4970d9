-- put_item.lua - writes the body of an HTTP event, { user_id, message }, to a
-- DynamoDB table over a connection that stays open.  The answer and the log say
-- how long that took.
--
-- In AWS Lambda: put_item/template.yaml deploys it.  (By hand: put this file
-- beside the binary, which is named `bootstrap`.  Set the handler to
-- put_item.lua and TABLE to the name of the table; its key: userId and postId,
-- both texts.)
-- On a command line each line of standard input is an event:
--
--   TABLE=messages headcount run put_item.lua < events.jsonl
--
-- KEEP_ALIVE=off is for comparison: each call has a connection and a TLS
-- handshake of its own.
local headcount = require "headcount"
local json = headcount.json
local keep_alive = os.getenv "KEEP_ALIVE" ~= "off"
local client = assert(headcount.client {
  keep_alive = keep_alive, tls_resumption = keep_alive,
})
-- Lambda reads this file in its init phase: so the first event, too, finds a
-- connection.
client:connect("dynamodb", { timeout = 1 })

local function answer(status, body)
  return { statusCode = status, body = json.encode(body) }
end

-- Function URLs and API Gateway encode the body if its content type is no text,
-- such as that of curl -d.
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                 .. "0123456789+/"

local function from_base64(text)
  return (text:gsub("[^%w+/]", ""):gsub("..?.?.?", function(four)
    local bits = 0
    for letter in four:gmatch "." do
      bits = bits << 6 | ALPHABET:find(letter, 1, true) - 1
    end
    bits = bits << 6 * (4 - #four)
    return string.char(bits >> 16 & 255, bits >> 8 & 255, bits & 255)
           :sub(1, #four - 1)
  end))
end

local function item_of(event)
  local body = type(event.body) == "string" and event.body or ""
  local item, why = json.decode(event.isBase64Encoded and from_base64(body)
                                or body)
  if type(item) ~= "table" or type(item.user_id) ~= "string"
     or type(item.message) ~= "string" then
    return nil, why or "user_id and message are texts"
  end
  return item
end

-- If Lambda delivers a request twice, both make the same post.
local function post_id(context)
  if context then
    return context.request_id
  end
  return ("%016x%016x"):format(math.random(0), math.random(0))
end

-- In Lambda the log is what is printed.
local function log(context, text)
  if context then
    print(text)
  else
    io.stderr:write(text, "\n")
  end
end

local function handler(event, context)
  local item, why = item_of(event)
  if not item then
    return answer(400, { error = why })
  end
  local id = post_id(context)
  local opened = client:stats().connections_opened
  local start = headcount.now()
  local done, message, code = client:call("dynamodb", "PutItem", {
    TableName = os.getenv "TABLE" or "messages",
    Item = { userId = { S = item.user_id }, postId = { S = id },
             message = { S = item.message } },
  })
  local ms = (headcount.now() - start) * 1000
  local now_opened = client:stats().connections_opened
  log(context, ("PutItem %s %.2f ms over a %s connection%s"):format(
    done and "took" or "failed after", ms,
    now_opened > opened and "new" or "kept", done and "" or ": " .. message))
  if not done then
    return answer(502, { error = message, code = code })
  end
  return answer(200, { userId = item.user_id, postId = id,
                       duration_in_ms = ms,
                       connections_opened = now_opened })
end

if arg and arg[0] and arg[0]:find "put_item%.lua$" then
  for line in io.lines() do
    local event, why = json.decode(line)
    print(json.encode(type(event) == "table" and handler(event)
                      or answer(400, { error = why or "an event is an object"
                                     })))
  end
end

return handler
