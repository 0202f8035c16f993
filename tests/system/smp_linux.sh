#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: smp_linux.sh TRANSOM [OPTION...]
# Linux with four virtual processors on the two processors of a machine: all four work at once, on checksums whose results are known,
# through pipes from one to the other, and with short sleeps; nothing is wrong, nothing stalls.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkfifo "$work/keys"
"$@" <"$work/keys" >"$work/output" 2>"$work/errors" &
tool=$!
exec 3>"$work/keys"

prompts=0
answer_to() { # COMMAND: types it at the next prompt and waits for the one after it
    local i
    [[ -z $1 ]] || printf '%s\n' "$1" >&3
    prompts=$((prompts + 1))
    for ((i = 0; i < 1800; i++)); do
        [[ $(grep -ao 'transom# ' "$work/output" | wc -l) -ge $prompts ]] && return
        kill -0 "$tool" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/output" "$work/errors"
    echo "no prompt came after: $1"
    exit 1
}

mib=24
sum="$(head -c "${mib}M" /dev/zero | sha1sum | cut -c1-12)"
answer_to ''
answer_to 'echo cpus=$(grep -c ^processor /proc/cpuinfo)'
answer_to "for i in 1 2 3 4; do (dd if=/dev/zero bs=1024k count=$mib 2>/dev/null | sha1sum | cut -c1-12 | sed s/^/sum=/) & done; wait"
answer_to 'for i in 1 2 3 4; do (seq 1 30000 | cat | awk "{s+=\$1} END {print \"added=\" s}") & done; wait'
answer_to 'for i in 1 2 3 4 5 6; do (n=0; while [ $n -lt 40 ]; do usleep 2000; n=$((n+1)); done; echo slept=$n) & done; wait'
answer_to 'echo wrong=$(dmesg | grep -cE "stall|BUG|WARNING|Oops|soft lockup"); echo used=$(grep -cE "^cpu[0-3] [1-9]" /proc/stat)'
printf 'poweroff\n' >&3
status=0
wait "$tool" || status=$?

failed=0
expect() { # COUNT REGEX
    local found
    found=$(tr -d '\r' <"$work/output" | grep -acE "$2" || true)
    [[ $found -eq $1 ]] || { echo "$found lines instead of $1: $2"; failed=1; }
}
expect 1 'transom: 2 of 2 processors run partitions$'
expect 1 '^cpus=4$'
expect 4 "^sum=$sum\$"
expect 4 '^added=450015000$'
expect 6 '^slept=40$'
expect 1 '^wrong=0$'
expect 1 '^used=4$'
[[ $status -eq 0 ]] || { echo "exit code $status"; failed=1; }
[[ $failed -eq 0 ]] || cat "$work/output" "$work/errors"
exit "$failed"
