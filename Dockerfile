# Web and workers for a deployment with its own Temporal server, database and store:
#   docker build --target web -t trainyard-web . && docker build --target workers -t trainyard-workers .
# Before each switch to a new version: docker run --rm … trainyard-workers node tools/prepare.ts
# They need TRAINYARD_TEMPORAL_ADDRESS and TRAINYARD_DATABASE_URL, and /data on a volume that both share.

# Node 24.18.0 on Debian 12. A newer one: docker buildx imagetools inspect node:24-bookworm-slim
FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

# What only one cloud needs comes when it is asked for: --build-arg CLOUDS=gcp.
FROM packages AS clouds
ARG CLOUDS=
COPY infra/gcp/package.json infra/gcp/package-lock.json infra/gcp/
RUN mkdir -p infra/gcp/node_modules \
  && case ",$CLOUDS," in *,gcp,*) npm ci --prefix infra/gcp --omit=dev --no-audit --no-fund && npm cache clean --force ;; esac

FROM node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d AS system
# Python describes the engines, and is what the environments of the local machines are made from. tini reaps what they leave.
# What comes from Debian is what stable has on that day.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv tini \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /data /cache

# The release of Terraform that was tried with the provider, by its checksum, and the provider: nothing is fetched later.
FROM system AS terraform
ARG CLOUDS=
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY domain domain
COPY settings settings
COPY infra infra
COPY tools tools
RUN mkdir -p /opt/terraform/bin /opt/terraform/providers \
  && case ",$CLOUDS," in *,gcp,*) node tools/terraform/for-image.ts /opt/terraform ;; esac

FROM system AS base
ENV NODE_ENV=production \
  PATH=/opt/terraform/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  TRAINYARD_GCP_PROVIDER_MIRROR=/opt/terraform/providers \
  TRAINYARD_DATA_FOLDER=/data \
  TRAINYARD_CACHE_FOLDER=/cache \
  TRAINYARD_WEB_HOST=0.0.0.0 \
  TRAINYARD_ALLOWED_HOSTS=localhost
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=terraform /opt/terraform /opt/terraform
COPY package.json package-lock.json LICENSE ./
COPY domain domain
COPY settings settings
COPY infra infra
COPY --from=clouds /app/infra/gcp/node_modules infra/gcp/node_modules
COPY data data
COPY db db
COPY temporal temporal
COPY activities activities
COPY workflows workflows
COPY workers workers
COPY tools tools
COPY trainer-image trainer-image
COPY web web
# The user node: by number, so that a host can see that it is not root.
USER 1000
VOLUME ["/data", "/cache"]
ENTRYPOINT ["tini", "--"]

FROM base AS workers
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8703/metrics').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "workers/main.ts"]

FROM base AS web
EXPOSE 8700
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8700/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "web/server.ts"]
