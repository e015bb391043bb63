#!/usr/bin/env bash
# usage: write-checksums.sh FOLDER
# Writes FOLDER/SHA256SUMS for the executables in it, in the form that `sha256sum --check` reads, and makes them executable
# again, which artifacts of a workflow do not stay.
set -euo pipefail
cd "$1"
chmod 755 sealane-*
sha256sum sealane-* >SHA256SUMS
cat SHA256SUMS
