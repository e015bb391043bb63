#!/bin/sh
# The HEALTHCHECK of Sealane's image. It reads the file that Sealane renews every 10 seconds (--ready-file), since a new
# Node for each check would cost many times what an idle Sealane does.
#
# An engine's first check comes one interval after the start, and not all engines know a shorter one for the start. So the
# interval is short, and the check of a Sealane that has been ready for a while waits before it looks: most of an
# engine's cost is to begin a check at all.
settled_seconds=15
wait_seconds=50
stale_seconds=30
file="${SEALANE_READY_FILE:-$SEALANE_DEFAULT_READY_FILE}"

look() {
  if ! { read -r state written since && read -r reason; } 2>/dev/null <"$file"; then
    echo "not ready: there is no file $file of a running Sealane"
    exit 1
  fi
  read -r now _ </proc/uptime
  now="${now%%.*}"
}

look
if [ "$state" = ready ] && [ $((now - since)) -gt "$settled_seconds" ] &&
  [ $((now - written)) -le "$stale_seconds" ]; then
  sleep "$wait_seconds"
  look
fi
if [ $((now - written)) -gt "$stale_seconds" ]; then
  echo "not ready: no sign of life for $((now - written)) seconds"
  exit 1
fi
echo "$state: $reason"
[ "$state" = ready ]
