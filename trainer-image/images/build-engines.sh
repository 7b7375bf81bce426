#!/bin/bash
# Builds the environments of engines where an image has them: /opt/trainyard/engines/<engine>, from their lock files.
#   build-engines.sh sklearn autogluon …
set -euo pipefail

uv_version=0.13.8 # as in infra/local/bring_uv.py
images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
locks=$images/../trainer/engines
place=${TRAINYARD_ENGINES_FOLDER:-/opt/trainyard/engines}

[ $# -gt 0 ] || { echo "build-engines: name at least one engine" >&2; exit 64; }
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
