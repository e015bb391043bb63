#!/usr/bin/env bash
# usage: publish-release.sh FOLDER
# Makes the tag's release page: FOLDER/notes.md are its notes, the executables and SHA256SUMS its files. A page that is there
# already gets the files again, so that a failed release can be run again. DRY_RUN=1 prints the commands.
set -euo pipefail
tag=${GITHUB_REF_NAME:?the tag}
folder=$1

run() {
  if [ "${DRY_RUN:-}" = 1 ]; then echo "+ $*"; else "$@"; fi
}

(cd "$folder" && sha256sum --check --quiet SHA256SUMS)
flags=(--repo "${GITHUB_REPOSITORY:?}")
if [ "${DRY_RUN:-}" != 1 ] && gh release view "$tag" "${flags[@]}" >/dev/null 2>&1; then
  gh release edit "$tag" "${flags[@]}" --notes-file "$folder/notes.md"
  gh release upload "$tag" "${flags[@]}" --clobber "$folder"/sealane-* "$folder/SHA256SUMS"
  exit
fi
case "$tag" in *-*) flags+=(--prerelease) ;; esac
run gh release create "$tag" "${flags[@]}" --verify-tag --title "Sealane ${tag#v}" --notes-file "$folder/notes.md" \
  "$folder"/sealane-* "$folder/SHA256SUMS"
