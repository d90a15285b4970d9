#!/bin/sh
# headless.sh - no sentence of a comment begins without a subject (headless.py).
exec python3 tests/lint/headless.py
