#!/bin/sh
# module.sh - Debian's Lua finds the module.
set -eu
lua5.4 -e 'local headcount = require "headcount"
print(headcount.version or headcount.json.encode { "ready" })'
