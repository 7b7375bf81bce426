#!/bin/bash
# Builds the environments of engines where an image has them: /opt/trainyard/engines/<engine>, from their lock files.
#   build-engines.sh                   all that there are
#   build-engines.sh sklearn torch …   these
#   build-engines.sh --list            says which there are, and builds none
set -euo pipefail

uv_version=0.13.8 # as in infra/local/bring_uv.py
images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
locks=$images/../trainer/engines
place=${TRAINYARD_ENGINES_FOLDER:-/opt/trainyard/engines}

# An engine is a folder with a lock file: whoever adds one adds no line here.
all=()
for lock in "$locks"/*/requirements.lock; do
  [ -f "$lock" ] || continue
  folder=${lock%/*}
  all+=("${folder##*/}")
done
[ ${#all[@]} -gt 0 ] || { echo "build-engines: there is no engine in $locks" >&2; exit 78; }
if [ "${1:-}" = --list ]; then
  printf '%s\n' "${all[@]}"
  exit
fi
[ $# -gt 0 ] || set -- "${all[@]}"
for engine in "$@"; do
  [ -f "$locks/$engine/requirements.lock" ] || { echo "build-engines: there is no engine \"$engine\"" >&2; exit 64; }
done

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools/uv"
"$tools/uv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
export UV_CACHE_DIR=$tools/cache UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_LINK_MODE=copy

for engine in "$@"; do
  echo "build-engines: $engine"
  rm -rf "${place:?}/$engine"
  "$tools/uv/bin/uv" venv --quiet --python "$(command -v python3)" "$place/$engine"
  "$tools/uv/bin/uv" pip install --quiet --python "$place/$engine/bin/python" --require-hashes --strict \
    --compile-bytecode -r "$locks/$engine/requirements.lock"
done
