#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: expect.sh STATUS REGEX COMMAND...
# Runs COMMAND; passes if it ends with STATUS, leaves no temporary directory of its own behind and the last line that it
# prints (standard output and error together) matches REGEX, an extended regular expression.
set -uo pipefail

status="$1" regex="$2"
shift 2
TMPDIR="$(mktemp -d)"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

output="$("$@" 2>&1 </dev/null)"
found=$?
printf '%s\n' "$output"
if [[ $found -ne $status ]]; then
    printf 'expected exit code %s, got %s\n' "$status" "$found"
    exit 1
fi
if [[ -n "$(ls -A "$TMPDIR")" ]]; then
    printf 'left behind in the temporary directory: %s\n' "$(ls -A "$TMPDIR")"
    exit 1
fi
if [[ ! "$(tail -n 1 <<<"$output")" =~ $regex ]]; then
    printf 'expected the last line to match: %s\n' "$regex"
    exit 1
fi
