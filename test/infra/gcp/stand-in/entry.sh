#!/bin/sh
# Stands where trainer-image/entry.sh is, in tests of the machines themselves.
exec python3 "$(dirname "$0")/stand_in.py"
