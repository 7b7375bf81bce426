#!/bin/sh
# What a machine runs first: at boot on a VM, as a child process on the local cloud. It becomes the runner (`exec`),
# so whoever started it holds the runner's own process. What it prints is the machine's console.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() {
  printf '%s entry: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"
}

# The local cloud has set the environment already. On a VM it comes from the instance's metadata, and this is the
# place that reads it: each house of infra/ adds its branch here, and everything below stays the same.
fill_environment() {
  if [ -n "${TRAINYARD_MACHINE:-}" ]; then
    say "the environment of machine $TRAINYARD_MACHINE is set"
    return 0
  fi
  say "nobody told this machine its name: TRAINYARD_MACHINE is not set, and this image reads no metadata service"
  return 1
}

fill_environment || exit 78

if ! command -v python3 >/dev/null 2>&1; then
  say "there is no python3 on the PATH ($PATH)"
  exit 69
fi

say "starting the runner of ${TRAINYARD_HOLDER_KIND:-?} ${TRAINYARD_HOLDER_ID:-?}, attempt ${TRAINYARD_ATTEMPT:-?}"
# -S: the runner needs the standard library only, and nothing that was installed on the machine may change it.
PYTHONPATH=$here exec python3 -S -m runner
