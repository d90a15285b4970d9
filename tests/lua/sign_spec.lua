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

  it("signs headers of one name in the order of a list", function()
    local canonical
    for _, headers in ipairs {
      { ["My-Header1"] = { "value4", "value1", "value3", "value2" } },
      { { "My-Header1", "value4" }, { "my-header1", "value1" },
        { "MY-HEADER1", "value3" }, { "My-Header1", "value2" } },
    } do
      local s = sign(request { headers = headers })
      canonical = canonical or s.canonical_request
      assert.equal(canonical, s.canonical_request)
      assert.same({ "value4", "value1", "value3", "value2" },
                  s.headers["My-Header1"])
      -- The result is good as what a fetch takes.
      local again = {}
      for name, value in pairs(s.headers) do
        if name ~= "Authorization" then again[name] = value end
      end
      assert.equal(s.signature, sign(request { headers = again }).signature)
    end
    assert.matches("\nmy%-header1:value4,value1,value3,value2\n", canonical)
    assert.same({ "b" }, { sign(request { headers = { a = {}, b = "b" } })
      .headers.b })
  end)

  it("presigns a url", function()
    local s = sign(request { expires = 3600, headers = { ["User-Agent"] = "x",
                                                         A = "b" } })
    assert.matches("^https://example%.amazonaws%.com/%?X%-Amz%-Algorithm=",
                   s.url)
    assert.matches("&X%-Amz%-SignedHeaders=a%%3Bhost&X%-Amz%-Signature="
                   .. s.signature .. "$", s.url)
    assert.same({ ["User-Agent"] = "x", A = "b" }, s.headers)
    assert.matches("SignedHeaders=a%%3Bhost%%3Buser%-agent&", sign(request {
      expires = 3600, sign_all = true,
      headers = { ["User-Agent"] = "x", A = "b" } }).url)
    assert.is_nil(sign(request()).url)
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
                                "the signature makes it" },
    ["a header that is no text"] = { { headers = { a = 1 } },
                                   "a value is a text" },
    ["a row of one text"] = { { headers = { { "a" } } }, "rows of two" },
    ["a row that is a text"] = { { headers = { "a", "b" } }, "rows of two" },
    ["a name that is no text"] = { { headers = { [2.5] = "b" } },
                                   "a name is a text" },
    ["a list of numbers"] = { { headers = { a = { 1 } } },
                              "a value is a text" },
    ["a list beside the same name"] = {
      { headers = { { "AB", "1" }, ab = "2" } }, "AB is given twice" },
    ["a thousand headers"] = {
      { headers = { a = setmetatable({}, nil), b = (function()
          local t = {}
          for i = 1, 1001 do t[i] = "x" end
          return t
        end)() } }, "more than 1000 headers" },
    ["Content-Type twice"] = {
      { headers = { ["Content-Type"] = { "a", "b" } } }, "is given twice" },
    ["half a second"] = { { expires = 1.5 }, "from 1 to 604800" },
    ["no time at all"] = { { expires = 0 }, "from 1 to 604800" },
    ["more than a week"] = { { expires = 604801 }, "from 1 to 604800" },
    ["a presigned url"] = {
      { expires = 1, url = "https://a/?X-Amz-Signature=wJalr" },
      "X-Amz-Signature already" },
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
