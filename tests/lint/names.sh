#!/bin/sh
# names.sh - what a comment names exists (names.py).
exec python3 tests/lint/names.py
