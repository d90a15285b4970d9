#!/bin/sh
# placed.sh - the calls of a look at one service, cold and warm.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
"$BUILD/venv/bin/python" tests/bench/placed.py "$BUILD/headcount"
