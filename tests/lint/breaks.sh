#!/bin/sh
# breaks.sh - each break of tests/breaks.py still finds its line, once.
exec python3 tests/mutants.py --check
