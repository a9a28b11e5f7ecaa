#!/bin/sh
# Runs a command whose temporary files lie in memory, where there is room for them: tests make thousands of small stores, and
# each waits for its disk many times. Elsewhere they lie where they always do.
needed=8 # GiB, of memory and of the place
place=/dev/shm
room=$(df -Pk "$place" 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576) }')
free=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null)
if [ ! -w "$place" ] || [ "${room:-0}" -lt "$needed" ] || [ "${free:-0}" -lt "$needed" ]; then
    exec "$@"
fi
directory=$(mktemp -d "$place/interlock-tests.XXXXXX") || exec "$@"
chmod 711 "$directory" # servers that tests start as another user have their places in it
trap 'rm -rf "$directory"' EXIT
trap 'exit 130' INT TERM
TMPDIR="$directory" "$@"
