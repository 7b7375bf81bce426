#!/bin/bash
# Makes a machine of a plain Debian 12 whose /opt/trainyard has the trainer: packages, engines, driver, unit.
# For an image it is run once by Packer; on a machine without an image it is run at boot by startup-script.sh.
#   provision.sh [--gpu] [<engine>…]      without engines: all that there are
set -euo pipefail

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
gpu=no
if [ "${1:-}" = --gpu ]; then
  gpu=yes
  shift
fi

say() { printf '%s provision: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
install_packages() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

say "installing packages"
if [ "$gpu" = yes ]; then
  # NVIDIA's driver is not free software, so Debian keeps it apart.
  cat >/etc/apt/sources.list.d/trainyard-nvidia.list <<'LIST'
deb https://deb.debian.org/debian bookworm contrib non-free non-free-firmware
LIST
fi
apt-get update -qq
# libgomp1: LightGBM. python3-venv brings uv for the moment in which it is needed.
install_packages ca-certificates python3 python3-venv libgomp1

if [ "$gpu" = yes ]; then
  say "installing NVIDIA's driver"
  # Built against the kernel of cloud images. CUDA itself comes with the packages of the engines.
  install_packages linux-headers-cloud-amd64 nvidia-kernel-dkms nvidia-smi libcuda1 libnvidia-ptxjitcompiler1 \
    nvidia-modprobe nvidia-persistenced
fi

say "building the environments of: ${*:-all engines}"
"$images/build-engines.sh" "$@"

say "installing the unit"
id trainyard >/dev/null 2>&1 ||
  useradd --system --home-dir /var/lib/trainyard --shell /usr/sbin/nologin trainyard
install -D -m 644 "$images/trainyard-runner.service" /etc/systemd/system/trainyard-runner.service
install -D -m 644 "$images/trainyard-give-up.service" /etc/systemd/system/trainyard-give-up.service
install -D -m 644 "$images/journald.conf" /etc/systemd/journald.conf.d/trainyard.conf
chown -R root:root /opt/trainyard
chmod -R go-w /opt/trainyard
systemctl daemon-reload
systemctl enable --quiet trainyard-runner.service
say "done"
