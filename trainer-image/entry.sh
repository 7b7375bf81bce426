#!/bin/sh
# What a machine runs first: at boot on a VM, as a child process on the local cloud. It becomes the runner (`exec`),
# so whoever started it holds the runner's own process. What it prints is the machine's console.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() {
  printf '%s entry: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"
}

# -S: only the standard library is needed, and nothing that was installed on the machine may change it.
runner() {
  PYTHONPATH=$here python3 -S -m "$@"
}

# The local cloud has set the environment already. On a VM it is in the instance's metadata: each house of infra/ has
# its branch here, and everything below stays the same.
fill_environment() {
  if [ -n "${TRAINYARD_MACHINE:-}" ]; then
    say "the environment of machine $TRAINYARD_MACHINE is set"
    return 0
  fi
  say "TRAINYARD_MACHINE is not set: asking the metadata server what this machine is"
  told=$(runner runner.google.told "${TRAINYARD_METADATA_SECONDS:-120}") || return 1
  eval "$told"
  if [ -z "${TRAINYARD_MACHINE:-}" ]; then
    say "nobody told this machine its name: TRAINYARD_MACHINE is neither set nor in the metadata"
    return 1
  fi
  say "this is machine $TRAINYARD_MACHINE"
}

# Beside this folder, an image carries the name of the trainer that it was made of. A checkout has no such file.
check_image() {
  if [ ! -f "$here/../trainer-hash" ]; then
    return 0
  fi
  mine=$(cat "$here/../trainer-hash")
  if [ -z "${TRAINYARD_TRAINER_HASH:-}" ] || [ "$mine" = "$TRAINYARD_TRAINER_HASH" ]; then
    say "this image carries the trainer $mine"
    return 0
  fi
  say "this image carries the trainer $mine, but Trainyard is at $TRAINYARD_TRAINER_HASH: they would not understand each other. Make the image anew, in the folder of Trainyard: gcloud builds submit --project ${TRAINYARD_GCP_PROJECT:-PROJECT} --config trainer-image/images/cloudbuild-machine.yaml --substitutions _TRAINER_HASH=$TRAINYARD_TRAINER_HASH ."
  return 1
}

if ! command -v python3 >/dev/null 2>&1; then
  say "there is no python3 on the PATH ($PATH)"
  exit 69
fi
fill_environment || exit 78
check_image || exit 78

say "starting the runner of ${TRAINYARD_HOLDER_KIND:-?} ${TRAINYARD_HOLDER_ID:-?}, attempt ${TRAINYARD_ATTEMPT:-?}"
PYTHONPATH=$here exec python3 -S -m runner
