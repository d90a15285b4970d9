#!/bin/sh
# layers.sh - who may include whom (layers.py has the ranks).
exec python3 tests/lint/layers.py
