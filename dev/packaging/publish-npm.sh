#!/usr/bin/env bash
# usage: publish-npm.sh [--dry-run]
# Publishes the package with its provenance: a candidate as `next`, any other version as `latest`. A version that npm has
# already is left as it is, so that a failed release can be run again.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(npm pkg get version | tr -d '"')
case "$version" in
  *-*) tag=next ;;
  *) tag=latest ;;
esac
if [ "${1:-}" = --dry-run ]; then
  # Only a workflow can have a provenance, and only a release passes release:check, which npm would run first.
  npm run --silent build >/dev/null
  exec npm publish --dry-run --ignore-scripts --tag "$tag" --provenance=false
fi
if [ "$(npm view "sealane@$version" version 2>/dev/null)" = "$version" ]; then
  echo "npm has sealane $version already"
  exit 0
fi
exec npm publish --tag "$tag"
