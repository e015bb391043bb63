#!/usr/bin/env bash
# usage: write-notes.sh FILE
# Writes the notes of the tag's release, whose links lead to the files of the tag. Runs in the release workflow.
set -euo pipefail
tag=${GITHUB_REF_NAME:?the tag}
base="${GITHUB_SERVER_URL:?}/${GITHUB_REPOSITORY:?}/blob/$tag"
npm run --silent release:notes -- "${tag#v}" "$base" >"$1"
