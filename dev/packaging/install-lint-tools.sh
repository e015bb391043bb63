#!/usr/bin/env bash
# Installs the tools of `npm run test:release` on Debian or Ubuntu: from Go (actionlint), from PyPI (pre-commit,
# check-jsonschema, zizmor) and from the system (the rest). In a workflow, later steps find them. Go 1.21 or newer fetches the
# Go that actionlint needs.
set -euo pipefail
home=${SEALANE_TOOLS:-$HOME/.local/share/sealane-tools}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
packages=(python3-venv shellcheck mandoc groff man-db systemd systemd-container)
command -v go >/dev/null || packages+=(golang-go)
as_root apt-get update --quiet
as_root apt-get install --quiet --yes --no-install-recommends "${packages[@]}"
mkdir -p "$home"
GOBIN="$home/bin" go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
python3 -m venv "$home"
"$home/bin/pip" install --quiet pre-commit==4.7.0 check-jsonschema==0.39.0 zizmor==1.32.0
if [ -n "${GITHUB_PATH:-}" ]; then echo "$home/bin" >>"$GITHUB_PATH"; else echo "export PATH=$home/bin:\$PATH"; fi
