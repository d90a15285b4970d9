#!/bin/sh
# format.sh - how lines look (format.py).
exec python3 tests/lint/format.py
