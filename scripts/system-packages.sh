#!/bin/sh
# Installs the system packages that some tests and benchmarks use (a browser, PgBouncer), when this is Debian and we are
# root. Elsewhere those tests skip themselves and say so in the summary.
wanted="chromium pgbouncer"
missing=""
for package in $wanted; do
    command -v "$package" >/dev/null 2>&1 || [ -x "/usr/sbin/$package" ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "not installed:$missing (the tests that need them will be skipped)"
