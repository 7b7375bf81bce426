# The trainer as a container, without a GPU. From the root of the repository:
#   docker build -f trainer-image/images/cpu.Dockerfile --build-arg TRAINER_HASH="$(./x image-name hash)" -t "$(./x image-name cpu)" .
# Told what to do by TRAINYARD_… in its environment: docs/trainer-contract.md.
#
# Python 3.11.16 on Debian 12, for several architectures. A newer one: docker buildx imagetools inspect python:3.11-slim-bookworm
FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

# libgomp1: LightGBM; tini: the trainer's orphans. What comes from Debian is what stable has on that day.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libgomp1 tini \
  && rm -rf /var/lib/apt/lists/*

# The environments first, which change rarely and are large.
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
ENV HOME=/var/lib/trainyard LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["tini", "--", "/opt/trainyard/trainer-image/entry.sh"]
