#!/bin/sh
# peers.sh - tests/peers says what it is for (peers.py).
exec python3 tests/lint/peers.py
