#!/usr/bin/env bash
# usage: check.sh [ARGUMENT ...]
# Runs `sealane check` by npx, in the version of the checkout that this file is in. The action and the pre-commit hook
# call it, on Linux and macOS (bash 3.2). In the environment:
#   SEALANE_CHECK_FILES, SEALANE_CHECK_ARGUMENTS   compose files and further arguments, one a line
#   SEALANE_PACKAGE                                what npx runs instead: a version or a tarball
#   GITHUB_STEP_SUMMARY                            a file that gets all findings: GitHub shows ten annotations of a step
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
manifest="$here/../../../package.json"
package=${SEALANE_PACKAGE:-sealane@$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$manifest")}
needs=$(sed -n 's/^    "node": ">=\([0-9.]*\)"$/\1/p' "$manifest")

# Whether the Node in this folder, or the first on the PATH, can run Sealane.
is_new_enough() {
  NEEDS=$needs "${1:+$1/}node" -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const [wantedMajor, wantedMinor] = process.env.NEEDS.split(".").map(Number);
    process.exit(major > wantedMajor || (major === wantedMajor && minor >= wantedMinor) ? 0 : 1);
  ' 2>/dev/null
}

# GitHub's runners keep several versions of Node, of which an old one may be the first.
if ! is_new_enough ''; then
  for folder in "${RUNNER_TOOL_CACHE:-/nowhere}"/node/*/*/bin; do
    if is_new_enough "$folder"; then found=$folder; fi
  done
  if [ -z "${found:-}" ]; then
    echo "sealane: needs Node $needs or newer; in a workflow, add actions/setup-node before this step" >&2
    exit 2
  fi
  PATH="$found:$PATH"
fi

arguments=("$@")
while IFS= read -r line; do
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"${SEALANE_CHECK_ARGUMENTS:-}"
arguments+=(--)
while IFS= read -r line; do
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<<"${SEALANE_CHECK_FILES:-}"

check() { npx --yes --package "$package" -- sealane check "${arguments[@]}"; }

code=0
check || code=$?
if [ "$code" = 1 ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  # Indented lines are code, which no text in them can leave.
  for index in "${!arguments[@]}"; do
    case "${arguments[index]}" in --format=*) arguments[index]=--format=text ;; esac
  done
  { printf '### sealane check\n\n'; check | sed 's/^/    /'; } >>"$GITHUB_STEP_SUMMARY" || true
fi
exit "$code"
