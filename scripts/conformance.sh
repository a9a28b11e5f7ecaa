#!/bin/sh
# Gets MCP's conformance suite and the Node.js that it needs, pinned, into a folder outside the repository, and prints
# that folder. Fails, and says why, where there is no npm or it can't get them. Nothing of the packages is run here.
set -u
into="${INTERLOCK_CONFORMANCE:-${TMPDIR:-/tmp}/interlock-mcp-conformance}"
node=22.23.3
suites="0.1.16 0.2.0-alpha.12"

say() {
    echo "$1" >&2
    exit 1
}

command -v npm >/dev/null 2>&1 || say "there is no npm here"
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) platform=linux-x64 ;;
    Linux-aarch64) platform=linux-arm64 ;;
    Darwin-arm64) platform=darwin-arm64 ;;
    *) say "no Node.js package is named here for $(uname -s) on $(uname -m)" ;;
esac

# get FOLDER PACKAGE FILE: installs PACKAGE under FOLDER unless FILE is in it already.
get() {
    [ -e "$into/$1/node_modules/$3" ] && return 0
    mkdir -p "$into/$1" || say "can't write to $into"
    npm install --silent --ignore-scripts --no-audit --no-fund --save-exact --prefix "$into/$1" "$2" >/dev/null 2>&1 ||
        say "npm can't get $2"
    [ -e "$into/$1/node_modules/$3" ] || say "$2 isn't what it was"
}

get node "node-$platform@$node" "node-$platform/bin/node"
for version in $suites; do
    get "$version" "@modelcontextprotocol/conformance@$version" "@modelcontextprotocol/conformance/dist/index.js"
done
echo "$into"
