-- s3_put.lua - puts a file into a bucket of S3, by one signed request.
--
--   headcount run s3_put.lua FILE BUCKET KEY
--
-- S3 speaks XML, so client:call does not know it; client:fetch signs any
-- request.  AWS_ENDPOINT_URL_S3 names another server, which then gets
-- /BUCKET/KEY.
local headcount = require "headcount"
local path, bucket, key = arg[1], arg[2], arg[3]

if not key then
  io.stderr:write "usage: s3_put.lua FILE BUCKET KEY\n"
  os.exit(2)
end

local file = assert(io.open(path, "rb"))
local body = assert(file:read "a")
file:close()

-- As S3 signs it: all but unreserved characters and the slash.
local function encoded(text)
  return (text:gsub("[^%w%-._~/]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

local region = os.getenv "AWS_REGION" or "us-east-1"
local endpoint = os.getenv "AWS_ENDPOINT_URL_S3"
local url = endpoint and endpoint .. "/" .. bucket
            or ("https://%s.s3.%s.amazonaws.com"):format(bucket, region)

local client = assert(headcount.client { region = region })
local answer, message = client:fetch {
  method = "PUT", url = url .. "/" .. encoded(key), body = body,
  headers = { ["Content-Type"] = "application/octet-stream" },
  sign = { service = "s3" }, timeout = 60,
}
if not answer then
  io.stderr:write(message, "\n")
  os.exit(1)
elseif answer.status ~= 200 then
  io.stderr:write("S3 says HTTP ", answer.status, ": ", answer.body, "\n")
  os.exit(1)
end
print(("%d bytes are in s3://%s/%s, ETag %s"):format(#body, bucket, key,
                                                    answer.headers.etag))
