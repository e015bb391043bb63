# Sealane's image. It builds on any base with Node >= 22.12, npm, sh and sleep, and does not need BuildKit.
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
# The bundle needs only the bundler and the libraries in it. Without the tools for tests and checks, the download has a
# third of the size. The other packages are installed as locked, without install scripts. (The base may have no rm.)
RUN npm pkg delete devDependencies.node devDependencies.typescript devDependencies.vitest \
      devDependencies.testcontainers devDependencies.fast-check devDependencies.oxfmt \
      devDependencies.oxlint devDependencies.oxlint-tsgolint devDependencies.knip devDependencies.tar-stream \
      devDependencies.playwright-core devDependencies.axe-core devDependencies.@seriousme/openapi-schema-validator \
      devDependencies.@cyclonedx/cyclonedx-library devDependencies.ajv devDependencies.ajv-formats \
 && npm install --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --cache /tmp/npm \
 && node -e "require('fs').rmSync('/tmp/npm', { recursive: true })"
COPY rolldown.config.ts tsconfig.json LICENSE ./
COPY dev/packaging ./dev/packaging
COPY src ./src
RUN node node_modules/rolldown/bin/cli.mjs --config rolldown.config.ts
# `docker exec` finds the command: `docker compose exec sealane sealane why web`. (The base may have no ln.)
RUN node -e "const fs = require('fs'); fs.mkdirSync('bin'); fs.symlinkSync('/app/dist/main.js', 'bin/sealane')" \
 && node -e "const fs = require('fs'); fs.mkdirSync('root/ca', { recursive: true }); fs.chmodSync('root/ca', 0o1777)"

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Sealane" \
      org.opencontainers.image.description="Docker-native service-discovery TCP proxy" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin /usr/local/bin
# /ca is the place for a volume that keeps the authority of names. A new volume gets the mode of the folder, which lets any
# user write there, also root without capabilities.
COPY --from=build /app/root /
COPY package.json LICENSE image/healthy.sh ./
# Defaults of this image, which a file, a variable or a flag overrides. /dev/shm can be written in every container, also
# read-only and as any user.
ENV NODE_ENV=production \
    SEALANE_DEFAULT_ADMIN_SOCKET=/dev/shm/sealane.sock \
    SEALANE_DEFAULT_NAMES_CA=/ca \
    SEALANE_DEFAULT_READY_FILE=/dev/shm/sealane.ready
USER 1000:1000
# Most checks wait for 50 seconds before they look (image/healthy.sh).
HEALTHCHECK --interval=3s --timeout=70s --start-period=10s --retries=2 CMD ["sh", "/app/healthy.sh"]
ENTRYPOINT ["node", "/app/dist/main.js"]
