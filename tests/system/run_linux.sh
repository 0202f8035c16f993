#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_linux.sh TRANSOM [OPTION...]
# A user at the terminal of `transom run`: types into the Linux shell, reads the answers, and `poweroff` ends everything.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkfifo "$work/keys"

# The keys come one line at a time, each after the prompt: what is typed before a shell reads is nobody's.
"$@" --json "$work/report.json" <"$work/keys" >"$work/output" 2>"$work/errors" &
tool=$!
exec 3>"$work/keys"

wait_for() { # COUNT of prompts
    for ((i = 0; i < 2400; i++)); do
        [[ $(grep -o 'transom# ' "$work/output" | wc -l) -ge $1 ]] && return
        kill -0 "$tool" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/output" "$work/errors"
    echo "prompt number $1 did not come"
    exit 1
}

wait_for 1
printf 'uname -sm\n' >&3
wait_for 2
printf 'echo $((6 * 7))@$(grep -c ^processor /proc/cpuinfo)\n' >&3
wait_for 3
printf 'poweroff\n' >&3
status=0
wait "$tool" || status=$?

cat "$work/output" "$work/errors"
failed=0
expect() { # FILE REGEX
    grep -qE "$2" "$1" && return
    echo "not found: $2"
    failed=1
}
expect "$work/output" '^Linux ppc64le'
expect "$work/output" '^42@1'
expect "$work/report.json" '"ended_by": "power-off"'
# A pseries machine shows neither of these either.
if grep -nE 'WARNING:|BUG:|Call Trace|Oops|Kernel panic|transom: panic' "$work/output"; then
    echo "warnings or stack traces, see above"
    failed=1
fi
[[ $status -eq 0 ]] || { echo "exit code $status"; failed=1; }
exit "$failed"
