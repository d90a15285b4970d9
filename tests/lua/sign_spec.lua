-- headcount.sign: AWS's published request, and what it refuses.
local sign = require("headcount").sign

local function request(more)
  local r = {
    url = "https://example.amazonaws.com/", service = "service",
    region = "us-east-1", time = "20150830T123600Z",
    access_key_id = "AKIDEXAMPLE",
    secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  }
  for name, value in pairs(more or {}) do r[name] = value end
  return r
end

describe("headcount.sign", function()
  it("signs get-vanilla of the suite", function()
    local s = sign(request())
    assert.equal("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763f"
      .. "bf31", s.signature)
    assert.equal("example.amazonaws.com", s.headers.Host)
    assert.equal("20150830T123600Z", s.headers["X-Amz-Date"])
    assert.matches("^AWS4%-HMAC%-SHA256 Credential=AKIDEXAMPLE/20150830/",
                   s.headers.Authorization)
    assert.matches("^GET\n/\n\nhost:example", s.canonical_request)
    assert.matches("^AWS4%-HMAC%-SHA256\n20150830T123600Z\n", s.string_to_sign)
  end)

  it("takes the time as seconds, or now", function()
    assert.same(sign(request()), sign(request { time = 1440938160 }))
    local r = request()
    r.time = nil
    assert.matches("^20%d%d%d%d%d%dT", sign(r).headers["X-Amz-Date"])
    assert.equal("20240229T000000Z", sign(request {
      time = "20240229T000000Z" }).headers["X-Amz-Date"])
  end)

  it("signs headers and body", function()
    local s = sign(request {
      method = "POST", body = "Param1=value1",
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded" },
    })
    assert.equal("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09"
      .. "473a", s.signature)
    assert.is_not.equal(s.signature, sign(request {
      method = "POST", body = "Param1=value2",
      headers = { ["Content-Type"] = "application/x-www-form-urlencoded" },
    }).signature)
  end)

  it("leaves a path as it is for S3", function()
    local path = { url = "https://example.amazonaws.com/a%20b//c/../d" }
    assert.matches("^GET\n/a%%2520b/d\n", sign(request(path))
      .canonical_request)
    path.double_encode, path.normalize_path = false, false
    assert.matches("^GET\n/a%%20b//c/%.%./d\n", sign(request(path))
      .canonical_request)
  end)

  it("has S3's defaults for S3 and its kind", function()
    for _, service in ipairs { "s3", "s3-outposts", "s3-object-lambda",
                               "s3express" } do
      local s = sign(request {
        service = service, url = "https://b.amazonaws.com/a%20b//c/../d" })
      assert.matches("^GET\n/a%%20b//c/%.%./d\n", s.canonical_request)
      assert.is_string(s.headers["X-Amz-Content-Sha256"])
    end
    local s = sign(request {
      service = "s3", url = "https://b.amazonaws.com/a%20b//c/../d",
      double_encode = true, normalize_path = true })
    assert.matches("^GET\n/a%%2520b/d\n", s.canonical_request)
    assert.matches("^GET\n/a%%2520b\n", sign(request {
      service = "s3tables", url = "https://b.amazonaws.com/a%20b" })
      .canonical_request)
  end)

  it("reads a table that a finalizer empties meanwhile", function()
    for _ = 1, 200 do
      local r = request { headers = { a = ("x"):rep(30) .. _ } }
      r.region = ("eu-west-"):rep(10) .. _
      setmetatable({}, { __gc = function()
        for name in pairs(r.headers) do r.headers[name] = nil end
        for i = 1, 50 do r.headers["h" .. i] = "v" end
        r.region = "x"
        collectgarbage()
      end })
      pcall(sign, r)
    end
  end)

  for what, case in pairs {
    ["no url"] = { { url = false }, "url is a text" },
    ["a bad url"] = { { url = "x" }, "https://" },
    ["an odd time"] = { { time = "2015-08-30" }, "YYYYMMDDTHHMMSSZ" },
    ["an odd month"] = { { time = "20151330T123600Z" }, "YYYYMMDDTHHMMSSZ" },
    ["a time before all"] = { { time = -5 }, "between 1970 and 9999" },
    ["a header of its own"] = { { headers = { Authorization = "x" } },
                                "the signature itself" },
    ["a header that is no text"] = { { headers = { a = 1 } }, "texts" },
    ["a header twice"] = { { headers = { ab = "1", aB = "2" } },
                           "twice" },
    ["NUL in a header"] = { { headers = { a = "x\0y" } }, "without NUL" },
    ["NUL in its name"] = { { headers = { ["a\0b"] = "y" } }, "without NUL" },
    ["a line break in a header"] = { { headers = { a = "x\r\ny: z" } },
                                     "line break" },
    ["a line break in the region"] = { { region = "eu\n" }, "the region" },
    ["NUL in the region"] = { { region = "eu\0" }, "region holds a NUL" },
    ["a slash in the service"] = { { service = "a/b" }, "the service" },
    ["a line break in the secret"] = {
      { secret_access_key = "wJalr\n" }, "the secret access key" },
    ["NUL in the secret"] = { { secret_access_key = "wJalr\0" },
                              "secret_access_key holds a NUL" },
    ["a line break in the token"] = { { session_token = "t\n" },
                                      "the session token" },
    ["a body that is none"] = { { body = {} }, "body is a text" },
    ["an unknown field"] = { { serivce = "x" }, "did you mean 'service'" },
  } do
    it("raises for " .. what, function()
      local ok, message = pcall(sign, request(case[1]))
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.is_nil(message:find("wJalr", 1, true))
    end)
  end
end)
