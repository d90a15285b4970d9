rockspec_format = "3.0"
package = "headcount"
version = "0.1.0-1"
source = {
   url = "file://."
}
description = {
   summary = "AWS ECS services at the count their cluster calls for",
   detailed = [[
      An AWS client that keeps its connections (HTTP/1.1, DNS cache, TLS,
      Signature Version 4) and plans of ECS services' counts by policies in
      Lua.  Needs BearSSL's and jsmn's headers and archive, as `make` does.
   ]],
   license = "MIT"
}
dependencies = {
   "lua >= 5.4, < 5.5"
}
build = {
   type = "make",
   build_target = "lua-module",
   install_target = "install-lua",
   install_variables = {
      LUADIR = "$(LUADIR)",
      LUALIBDIR = "$(LIBDIR)"
   }
}
