-- json.decode and json.encode, strictly by RFC 8259.
local json = require("headcount").json

describe("json.decode", function()
  it("gives each kind of value", function()
    local v = json.decode '{"a":[1,-2,2.5,1e3],"b":true,"c":"\\u00e9\\n"}'
    assert.same({ 1, -2, 2.5, 1000.0 }, v.a)
    assert.equal("integer", math.type(v.a[1]))
    assert.equal("float", math.type(v.a[4]))
    assert.is_true(v.b)
    assert.equal("\xc3\xa9\n", v.c)
  end)

  it("keeps integers of 64 bits, and no wider ones", function()
    assert.equal(math.maxinteger, json.decode "9223372036854775807")
    assert.equal(math.mininteger, json.decode "-9223372036854775808")
    assert.equal("float", math.type(json.decode "9223372036854775808"))
  end)

  it("tells null from nothing", function()
    local v = json.decode '{"a":null,"b":[null,1]}'
    assert.equal(json.null, v.a)
    assert.equal(json.null, v.b[1])
    assert.is_nil(v.c)
    assert.equal(2, #v.b)
  end)

  it("takes the last of two equal keys", function()
    assert.equal(2, json.decode '{"a":1,"a":2}'.a)
  end)

  for _, text in ipairs { "", " ", "{", '{"a"}', "[01]", "[1,,2]", "[1,]",
                          "{} x", '"\xff"', "nul", "'a'", '"\\ud800"',
                          "[" .. ("["):rep(200) } do
    local shown = text:sub(1, 20):gsub("[^ -~]", "?")
    it(("refuses %q and says where"):format(shown), function()
      local v, message, code = json.decode(text)
      assert.is_nil(v)
      assert.matches("JSON", message)
      assert.is_truthy(code == "ESYNTAX" or code == "ETRUNCATED"
        or code == "ELIMIT", code)
    end)
  end

  it("raises for what is no text", function()
    assert.has_error(function() json.decode {} end)
    assert.has_error(function() json.decode() end)
  end)
end)

describe("json.encode", function()
  local function same(want, value)
    assert.equal(want, json.encode(value))
  end

  it("writes each kind of value, keys in their order", function()
    same('{"a":[1,2],"b":{"c":"x"},"d":false}',
         { d = false, b = { c = "x" }, a = { 1, 2 } })
    same("null", json.null)
    same("3", 3.0)
    same("0.1", 0.1)
    same("-1.5e-07", -1.5e-7)
    same("9007199254740993", 9007199254740993)
    same('"\\"\\\\/\\u0001\xc3\xa9"', '"\\/\1\xc3\xa9')
  end)

  it("tells empty arrays from empty objects", function()
    same("{}", {})
    same("[]", json.array {})
    same("[]", json.array())
    same('{"a":[]}', json.decode '{"a":[]}')
    same("[1]", json.array { 1 })
  end)

  it("is the inverse of decode", function()
    for _, text in ipairs { '{"a":[1,{"b":null}],"c":1.5}', "[[],{}]",
                            '"\xf0\x9f\x98\x80"', "0.1", "-0.0" } do
      local value = json.decode(text)
      assert.same(value, json.decode(json.encode(value)))
    end
  end)

  local loop = {}
  loop[1] = loop
  local deep = {}
  for _ = 1, 200 do deep = { deep } end
  for what, case in pairs {
    ["a function"] = { { a = { print } }, "at .a[1] is a function" },
    ["NaN"] = { { 0 / 0 }, "is no number that JSON has" },
    ["infinity"] = { 1 / 0, "is no number that JSON has" },
    ["mixed keys"] = { { 1, a = 2 }, "texts and numbers as keys" },
    ["gaps"] = { { [1] = 1, [3] = 3 }, "key that is neither" },
    ["keys that are no text"] = { { [true] = 1 }, "key that is neither" },
    ["bytes"] = { { "\xff" }, "not UTF-8" },
    ["itself"] = { loop, "holds itself" },
    ["depth"] = { deep, "deeper than 128" },
  } do
    it("raises for " .. what, function()
      local ok, message = pcall(json.encode, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end)
  end

  it("raises with the caller's line", function()
    local ok, message = pcall(function() json.encode(print) end)
    assert.is_false(ok)
    assert.matches("json_spec%.lua:%d+:", message)
  end)
end)
