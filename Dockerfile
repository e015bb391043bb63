# Sealane's image. It is made of the files of a base with Node >= 22.18, npm, sh, env and sleep, and does not
# need BuildKit. No step is of one architecture.
#
#   docker build -t sealane .
#   docker run -d --read-only --cap-drop ALL --security-opt no-new-privileges \
#     --group-add "$(stat -c %g /var/run/docker.sock)" -v /var/run/docker.sock:/var/run/docker.sock:ro \
#     -p 127.0.0.1:8080:8080 sealane
#
# Sealane runs as user 1000, without capabilities, and must be able to open the engine's socket, by one of:
# - the socket's group, as above (on Docker Desktop the group is 0);
# - `--user 0`, still without capabilities; the group does not matter then (docker-compose.yml does this).
# A read-only mount does not limit the requests through the socket; a socket proxy does. An engine creates a new socket
# when it restarts: mount the socket's folder (-v /run/docker-folder:/run/docker-folder) where that matters.
ARG BASE_IMAGE=node:26-bookworm-slim

FROM ${BASE_IMAGE} AS build
# The label identifies the remains of a build, so that they can be removed.
LABEL dev.sealane.stage=build
WORKDIR /app
COPY package.json package-lock.json ./
# The bundle needs only the bundlers and the libraries in it. Without the tools for tests, checks and the docs site, the
# download has a sixth of the size. The other packages are installed as locked, without install scripts. (The base may have no rm.)
RUN npm pkg delete devDependencies.node devDependencies.typescript devDependencies.vitest \
      devDependencies.testcontainers devDependencies.fast-check devDependencies.oxfmt \
      devDependencies.oxlint devDependencies.oxlint-tsgolint devDependencies.knip devDependencies.tar-stream \
      devDependencies.playwright-core devDependencies.axe-core devDependencies.@seriousme/openapi-schema-validator \
      devDependencies.@cyclonedx/cyclonedx-library devDependencies.ajv devDependencies.ajv-formats \
      devDependencies.vitepress devDependencies.@types/dockerode devDependencies.@types/node devDependencies.@types/tar-stream \
 && npm install --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --cache /tmp/npm \
 && node -e "require('fs').rmSync('/tmp/npm', { recursive: true })"
COPY rolldown.config.ts tsconfig.json LICENSE ./
COPY dev/packaging ./dev/packaging
COPY image ./image
COPY src ./src
# The commit that `sealane --version --json` tells, and the time of all that is in the image, in seconds. With one of each,
# two builds on one base make the same layers.
ARG REVISION=
ARG SOURCE_DATE_EPOCH=0
RUN node node_modules/rolldown/bin/cli.mjs --config rolldown.config.ts && node dev/packaging/image/root.ts /root-of-image

# Nothing but what runs: no npm, no package manager, no libraries that Node does not load.
FROM scratch
COPY --from=build /root-of-image/runtime /
COPY --from=build /root-of-image/app /
WORKDIR /app
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="Sealane" \
      org.opencontainers.image.description="Docker-native service-discovery TCP proxy" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# Defaults of this image, which a file, a variable or a flag overrides. /dev/shm can be written in every container, also
# read-only and as any user.
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production \
    SEALANE_DEFAULT_ADMIN_SOCKET=/dev/shm/sealane.sock \
    SEALANE_DEFAULT_NAMES_CA=/ca \
    SEALANE_DEFAULT_READY_FILE=/dev/shm/sealane.ready
USER 1000:1000
# Most checks wait for 50 seconds before they look (image/healthy.sh).
HEALTHCHECK --interval=3s --timeout=70s --start-period=10s --retries=2 CMD ["sh", "/app/healthy.sh"]
ENTRYPOINT ["node", "/app/dist/main.js"]
