#!/bin/sh
# members.sh - the library's sentences name its own members (config.region), not
# the options of a command line; bindings/cli/plain.c puts those in their place.
set -eu
! grep -nE '^[^*]*"[^"]*--[a-z]' $(find core -name '*.[ch]') |
    grep -vE 'export-credentials|--profile %s|/\* '
