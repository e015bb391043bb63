#!/bin/sh
# The command as the unit calls it, where test/release/systemd-unit.test.ts puts it.
exec /opt/sealane/node /opt/sealane/dist/main.js "$@"
