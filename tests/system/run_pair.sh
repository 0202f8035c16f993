#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_pair.sh TRANSOM [OPTION...]
# Two machines, each by a `transom run` of its own, with keys from `transom key make`. One that does not know the other lets no
# partition in, and both say why; one that knows it does. By the commands for machines that run: move, migration, status, cancel, shutdown.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
declare -A pid=() port=()
stop() {
    local name="$1"
    [[ -n ${pid[$name]:-} ]] || return 0
    kill "${pid[$name]}" 2>/dev/null || true
    wait "${pid[$name]}" 2>/dev/null || true
    unset "pid[$name]"
}
trap 'for name in "${!pid[@]}"; do stop "$name"; done; rm -rf "$work"' EXIT

give_up() {
    tail -n 15 "$work"/*.output
    echo "$1"
    exit 1
}

# usage: start NAME NUMBER MANIFEST OPTION...
start() {
    local name="$1" number="$2" manifest="$3" i
    shift 3
    : >"$work/$name.output" # it is read before the tool may have made it
    "$tool" run --number "$number" --manifest "$work/$manifest" "$@" </dev/null >"$work/$name.output" 2>&1 &
    pid[$name]=$!
    for ((i = 0; i < 600; i++)); do
        port[$name]="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/$name.output")"
        if [[ -n ${port[$name]} ]] && ask "$name" status 2>/dev/null | grep -q .; then
            return
        fi
        kill -0 "${pid[$name]}" 2>/dev/null || break
        sleep 0.2
    done
    give_up "machine $name does not answer"
}

# usage: ask NAME REQUEST
ask() {
    timeout 20 "$tool" request "$2" --management "127.0.0.1:${port[$1]}" || true
}

# usage: order NAME WORD...
order() {
    local name="$1"
    shift
    timeout 100 "$tool" "$@" --management "127.0.0.1:${port[$name]}" 2>&1
}

# usage: move_ends_with STATE ERROR_NAME EXIT_CODE
move_ends_with() {
    local said code=0
    said="$(order a move spin --to 10.77.0.2 --json "$work/move.json")" || code=$?
    printf '%s\n' "$said"
    ((code == $3)) || give_up "the move should end with $3, and ends with $code"
    grep -q "\"state\": \"$1\"" "$work/move.json" || give_up "the move should be $1, and is: $(<"$work/move.json")"
    [[ -z $2 ]] || grep -q "\"error_name\": \"$2\"" "$work/move.json" || give_up "it should be $2: $(<"$work/move.json")"
    [[ $(order a migration) == "spin to 10.77.0.2: $1"* ]] || give_up "transom migration says something else: $(order a migration)"
}

# usage: said_on NAME TEXT
said_on() {
    grep -aqF "$2" "$work/$1.output" || give_up "machine $1 does not say: $2"
}

for name in a b other; do
    "$tool" key make "$work/$name"
done
[[ $(stat -c %a "$work/a") == 600 ]] || give_up "everybody can read the key"
head='/dts-v1/; / { compatible = "transom,manifest-1";'
echo "$head partitions { spin { memory-mib = <64>; kernel = \"\${TRANSOM_BUILD}/tests/guests/spin.elf\"; }; }; };" >"$work/spin.dts"
echo "$head };" >"$work/empty.dts"

start a 1 spin.dts --link-listen "$work/link" --key "$work/a" --peer-key "$work/b.pub" "$@"
start b 2 empty.dts --link-connect "$work/link" --key "$work/b" --peer-key "$work/other.pub" "$@"
move_ends_with failed unknown-here 1
said_on a 'link: 10.77.0.2 does not know this machine: the key of this machine is not pinned there'
said_on b 'link: 10.77.0.1 is nobody that this machine knows: its key is not pinned here'
[[ $(ask b migration) != *partition=spin* ]] || give_up "b has heard of the partition"
stop b

start b 2 empty.dts --link-connect "$work/link" --key "$work/b" --peer-key "$work/other.pub" --peer-key "$work/a.pub" "$@"
move_ends_with completed '' 0
[[ $(order a status) == *'0 running;'*'completed after'* ]] || give_up "transom status of a: $(order a status)"
[[ $(order b status) == *'1 running;'*'spin from 10.77.0.1: completed'* ]] || give_up "transom status of b: $(order b status)"
said="$(order a cancel)" && give_up "there was something to cancel: $said"
[[ $said == *nothing-to-cancel* ]] || give_up "transom cancel says: $said"
grep -aoE 'migration: .*' "$work/a.output" "$work/b.output"
# No key is in what anybody has said.
for name in a b; do
    secret="$(sed -nE 's/^transom-private-key-1 (.{16}).*/\1/p' "$work/$name")"
    [[ ${#secret} -eq 16 ]] || give_up "key $name is not in its file"
    ! grep -aqi "$secret" "$work"/*.output || give_up "the key of $name is in a log"
done
order b shutdown || give_up "the machine does not power off"
for ((i = 0; i < 100; i++)); do
    kill -0 "${pid[b]}" 2>/dev/null || break
    sleep 0.2
done
! kill -0 "${pid[b]}" 2>/dev/null || give_up "the machine runs after transom shutdown"
