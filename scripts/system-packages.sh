#!/bin/sh
# Installs the system packages that some tests and benchmarks use (a browser, PgBouncer, Node.js with npm), when this is
# Debian and we are root. Elsewhere those tests skip themselves and say so in the summary.
wanted="chromium pgbouncer nodejs npm"
missing=""
for package in $wanted; do
    case "$package" in
        nodejs) command=node ;; # the package has another name than what it brings
        *) command="$package" ;;
    esac
    command -v "$command" >/dev/null 2>&1 || [ -x "/usr/sbin/$command" ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing"
    if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "not installed:$missing (the tests that need them will be skipped)"
