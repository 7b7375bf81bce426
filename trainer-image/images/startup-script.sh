#!/bin/bash
# The slow path: the startup script of a machine that has no image of ours, but a plain Debian 12. It takes the trainer
# from the job's own bucket, builds the engine's environment (minutes: packages come from Debian and PyPI, so the machine
# needs a way to the internet) and starts the same unit that an image has.
set -euo pipefail

metadata=http://${GCE_METADATA_HOST:-metadata.google.internal}/computeMetadata/v1/instance
place=${TRAINYARD_PLACE:-/opt/trainyard}

say() { printf '%s startup: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

# Removes this machine, disk and all. Only powered off, its disk would stay for good where Trainyard is away: Google forgets
# the end of a machine that is off. So that is what is left where removing is refused.
# shellcheck disable=SC2016 # evaluated there
leave='#!/bin/bash
ask() { curl -sS --fail --retry 5 --retry-all-errors -H "Metadata-Flavor: Google" "$at/$1"; }
zone=$(ask instance/zone)
token=$(ask instance/service-accounts/default/token | python3 -c "import json, sys; print(json.load(sys.stdin)[\"access_token\"])")
printf "Authorization: Bearer %s" "$token" |
  curl -sS --fail --retry 10 --retry-connrefused -X DELETE -H @- -o /dev/null \
    "$compute/compute/v1/projects/$(ask project/project-id)/zones/${zone##*/}/instances/$(ask instance/name)" ||
  systemctl poweroff
'

give_up() {
  say "line $1 failed; what it said stands above. This machine goes in 10 minutes."
  last=$(mktemp)
  printf '%s' "$leave" >"$last"
  systemd-run --quiet --on-active=600 --setenv=at="${metadata%/instance}" \
    --setenv=compute="${endpoint:-https://compute.googleapis.com}" bash "$last" || shutdown -h +10
}
trap 'give_up $LINENO' ERR

# A machine's metadata server, and a network that has just come up, may need a moment.
ask() { curl -sS --fail --retry 20 --retry-delay 2 --retry-all-errors -H 'Metadata-Flavor: Google' "$@"; }
# One value of the JSON object on standard input.
value_of() { python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1"; }

# A machine that was started again has all of this already; its unit is enabled.
if [ -f "$place/.provisioned" ]; then
  say "this machine is set up already"
  exit 0
fi

say "this is a plain Debian: it is set up now, which takes some minutes. An image of ours starts in seconds."
told=$(ask "$metadata/attributes/trainyard-environment")
bucket=$(value_of TRAINYARD_BUCKET <<<"$told")
bucket=${bucket#gs://}
hash=$(value_of TRAINYARD_TRAINER_HASH <<<"$told")
endpoint=$(value_of TRAINYARD_ENDPOINT <<<"$told")
engine=$(value_of TRAINYARD_PYTHON <<<"$told")
engine=${engine#/opt/trainyard/engines/}
engine=${engine%%/*}

say "fetching the trainer ${hash:-of unknown name} from the job's bucket"
token=$(ask "$metadata/service-accounts/default/token" | value_of access_token)
archive=$(mktemp)
# By a file, since what stands in a command can be read by everybody on the machine.
header=$(mktemp)
printf 'Authorization: Bearer %s' "$token" >"$header"
curl -sS --fail --retry 10 --retry-connrefused -H "@$header" -o "$archive" \
  "${endpoint:-https://storage.googleapis.com}/storage/v1/b/$bucket/o/machine%2Ftrainer.tar.gz?alt=media"
rm -rf "$place/trainer-image"
install -d "$place/trainer-image"
tar -xzf "$archive" --no-same-owner -C "$place/trainer-image"
rm -f "$archive" "$header"
printf '%s\n' "$hash" >"$place/trainer-hash"

gpu=()
if grep -qs 0x10de /sys/bus/pci/devices/*/vendor; then
  say "there is a GPU of NVIDIA"
  gpu=(--gpu)
fi
"$place/trainer-image/images/provision.sh" ${gpu[@]+"${gpu[@]}"} "$engine"
touch "$place/.provisioned"
say "starting the runner"
systemctl start --no-block trainyard-runner.service
