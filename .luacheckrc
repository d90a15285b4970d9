std = "lua54"
max_line_length = 80
exclude_files = { "build" }
files["tests/lua"].std = "+busted"
