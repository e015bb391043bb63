#!/usr/bin/env bash
# usage: publish-image.sh part FOLDER   builds the image of this machine's architecture, pushes it without a tag, and leaves
#                                       its digest in FOLDER
#        publish-image.sh join FOLDER   joins the images whose digests are in FOLDER, tags the result and signs it
# Each architecture is built where it is at home, so that nothing is emulated. DRY_RUN=1 prints the commands that reach the
# registry instead of running them.
set -euo pipefail
folder=$2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/../.."
# A registry's names have no capitals.
name="ghcr.io/$(tr '[:upper:]' '[:lower:]' <<<"${GITHUB_REPOSITORY:?}")"
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
revision=$(git rev-parse HEAD)
epoch=$(git log -1 --format=%ct)

run() {
  if [ "${DRY_RUN:-}" = 1 ]; then echo "+ $*"; else "$@"; fi
}

part() {
  # The builder that comes with Docker can neither attest nor set the times of files.
  run docker buildx create --driver docker-container --use
  local metadata
  metadata=$(mktemp)
  run docker buildx build . \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE_DATE_EPOCH=$epoch" \
    --build-arg "SOURCE=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY" \
    --provenance mode=max --sbom true --metadata-file "$metadata" \
    --output "type=image,name=$name,push=true,push-by-digest=true,name-canonical=true,rewrite-timestamp=true"
  if [ "${DRY_RUN:-}" = 1 ]; then return; fi
  jq --raw-output '."containerimage.digest"' "$metadata" >"$folder/$(uname -m)"
}

join() {
  local tags=("$version") parts=() digest arguments=() tag file
  # A candidate moves no tag that others follow.
  case "$version" in
    *-*) ;;
    *) tags+=("${version%.*}" latest) ;;
  esac
  for tag in "${tags[@]}"; do arguments+=(--tag "$name:$tag"); done
  for file in "$folder"/*; do parts+=("$name@$(cat "$file")"); done
  run docker buildx imagetools create "${arguments[@]}" "${parts[@]}"
  if [ "${DRY_RUN:-}" = 1 ]; then
    digest=sha256:of-the-joined-image
  else
    digest=$(docker buildx imagetools inspect "$name:$version" --format '{{json .Manifest}}' | jq --raw-output .digest)
  fi
  run cosign sign --yes --recursive "$name@$digest"
  printf 'name=%s\ndigest=%s\n' "$name" "$digest" >>"${GITHUB_OUTPUT:-/dev/stdout}"
}

"$1"
