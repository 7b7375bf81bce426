# The trainer as a container for machines with a GPU of NVIDIA; the host has the driver and NVIDIA's container toolkit.
#   docker build -f trainer-image/images/cuda.Dockerfile --build-arg TRAINER_HASH="$(./x image-name hash)" -t "$(./x image-name gpu)" .
# Told what to do by TRAINYARD_… in its environment: docs/trainer-contract.md.
#
# CUDA 12.8.1 on Ubuntu 22.04, amd64. The engines bring the CUDA libraries that they were built for; this brings the rest.
# A newer one: docker buildx imagetools inspect nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04
FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04@sha256:59e0e4376a0f16d10b03d3a14344b80a866a1674cb4948cb318291387ac05010

# What comes from Ubuntu is what its long-term release has on that day.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libgomp1 python3 python3-venv tini \
  && rm -rf /var/lib/apt/lists/*

COPY trainer-image/trainer/engines /opt/trainyard/trainer-image/trainer/engines
COPY trainer-image/images/build-engines.sh /opt/trainyard/trainer-image/images/build-engines.sh
# Empty: all that there are.
ARG ENGINES=""
# hadolint ignore=SC2086
RUN /opt/trainyard/trainer-image/images/build-engines.sh $ENGINES

COPY trainer-image /opt/trainyard/trainer-image
ARG TRAINER_HASH
RUN test -n "$TRAINER_HASH" \
  && printf '%s\n' "$TRAINER_HASH" >/opt/trainyard/trainer-hash \
  && useradd --uid 10001 --create-home --home-dir /var/lib/trainyard trainyard
LABEL trainyard-trainer=$TRAINER_HASH

# By number, so that a host can see that it is not root.
USER 10001
WORKDIR /var/lib/trainyard
ENV HOME=/var/lib/trainyard \
  LANG=C.UTF-8 \
  PYTHONDONTWRITEBYTECODE=1 \
  NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["tini", "--", "/opt/trainyard/trainer-image/entry.sh"]
