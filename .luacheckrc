-- Everything in Lua: the facade, examples, tests.
std = "lua54"
max_line_length = 80
files["tests/lua/*_spec.lua"].std = "+busted"
-- What a policy finds, and what a policy's test finds.
files["examples/policies/*.lua"].globals = {
  "per_host", "hosts_minus", "percent", "linear", "ladder", "fixed",
  "defaults",
}
files["examples/policies/*_test.lua"].globals = { "test", "cluster", "expect" }
-- Made by a generator, for editors.
exclude_files = { "lua/types/*.lua" }
