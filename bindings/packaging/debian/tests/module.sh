#!/bin/sh
# module.sh - Debian's Lua finds the module.
set -eu
lua5.4 -e 'print(require "headcount".json.encode { "ready" })'
