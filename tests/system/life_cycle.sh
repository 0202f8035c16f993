#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: life_cycle.sh TRANSOM [OPTION...]
# Two hundred times partitions are defined, started, stopped and removed on a machine that was started without any, some of them three
# at once, and each time the machine's free memory is what it was, to the byte, and so are its processors, one of which some partitions
# have for themselves. One partition runs beside them all the time and does
# not notice: none of its ticks is missing on its console.
set -euo pipefail

tool="$1"
shift
cycles=200
work="$(mktemp -d)"
pids=()
clean_up() {
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT

give_up() {
    grep -aE "BAD|panic" "$work/machine" "$work"/steady "$work"/again | head -n 20 || true
    tail -c 2000 "$work/machine"
    echo "--- $1"
    exit 1
}

manifest() { # NAME...
    printf '/dts-v1/;\n/ {\n compatible = "transom,manifest-1";\n partitions {\n'
    printf ' %s { memory-mib = <32>; kernel = "${TRANSOM_BUILD}/tests/guests/spin.elf"; };\n' "$@"
    printf ' };\n};\n'
}
printf '/dts-v1/;\n/ { compatible = "transom,manifest-1"; partitions { }; };\n' >"$work/none.dts"
manifest steady >"$work/steady.dts"
manifest one | sed 's/kernel/dedicated-processors; kernel/' >"$work/one.dts"
manifest first second third >"$work/three.dts"
manifest large | sed 's/<32>/<512>/' >"$work/large.dts"

mkfifo "$work/keys"
"$tool" run --manifest "$work/none.dts" "$@" --processors 2 <"$work/keys" >"$work/machine" 2>&1 &
pids+=($!)
exec {keys}>"$work/keys"

port=''
for ((i = 0; i < 600; i++)); do
    port="$(grep -aoE 'management on 127.0.0.1:[0-9]+' "$work/machine" | grep -oE '[0-9]+$')" || true
    [[ -z $port ]] || ! "$tool" list --management "127.0.0.1:$port" >/dev/null 2>&1 || break
    kill -0 "${pids[0]}" 2>/dev/null || give_up 'the machine has ended'
    sleep 0.2
done
coproc "$tool" request - --management "127.0.0.1:$port" 2>"$work/asked"
exec {to_machine}>&"${COPROC[1]}" {from_machine}<&"${COPROC[0]}"

ask() { # REQUEST: the last line of its answer is in $answer, those before it are in $rows
    printf '%s\n' "$1" >&"$to_machine"
    answer=''
    rows=''
    while [[ -z $answer || $answer == '+ '* ]]; do
        rows+=" ${answer#+ }"
        IFS= read -r -t 60 -u "$from_machine" answer || give_up "no answer to: $1"
    done
    [[ $answer == ok* ]] || give_up "$1: $answer"
}
define() { # MANIFEST
    "$tool" define --manifest "$work/$1.dts" --management "127.0.0.1:$port" >"$work/said" 2>&1 || give_up "define $1: $(<"$work/said")"
}
look() { # how much memory is free, and how much of the processors, is in $free
    ask status
    free="$(grep -oP ' free=\K[0-9]+' <<<"$answer") bytes, $(grep -oP ' unallocated=\K[0-9]+' <<<"$answer") hundredths of processors"
}
each() { # VERB NAME...
    local verb="$1" name
    shift
    for name in "$@"; do ask "$verb partition=$name"; done
}

look
at_first="$free"
define steady
ask 'start partition=steady'
: >"$work/steady" # it is read before the tool may have made it
"$tool" console steady --management "127.0.0.1:$port" <"$work/keys" >"$work/steady" 2>"$work/left" &
pids+=($!)
for ((i = 0; i < 600; i++)); do
    ! grep -aq '^tick 100 ' "$work/steady" || break
    sleep 0.1
done
((i < 600)) || give_up 'the steady partition does not tick'
look
before="$free"

for ((cycle = 1; cycle <= cycles; cycle++)); do
    if ((cycle % 20 == 0)); then
        define three
        each start third first second
        sleep 0.2
        each reset first
        each stop second third first
        each remove first third second
    else
        define one
        each start one
        each stop one
        each remove one
    fi
    look
    [[ $free == "$before" ]] || give_up "cycle $cycle: $before were free, and now $free"
done

# One that is being built is given up at an operator's word; and whoever has started it is told.
define large
"$tool" request 'start partition=large' --management "127.0.0.1:$port" >"$work/starts" 2>&1 &
starts=$!
for ((i = 0; i < 100; i++)); do
    ask status
    [[ $rows != *' partition=large state=starting '* ]] || break
done
((i < 100)) || give_up "the large partition is not being built: $rows"
ask 'stop partition=large'
! wait "$starts" || give_up "the start of what was stopped is: $(<"$work/starts")"
[[ $(<"$work/starts") == 'error not-running: '* ]] || give_up "the start of what was stopped is: $(<"$work/starts")"
ask 'remove partition=large'
look
[[ $free == "$before" ]] || give_up "after one that was not built: $before were free, and now $free"

# What it has written is all there, for the next one too.
last="$(sed -nE 's/^tick ([0-9]+) .*/\1/p' "$work/steady" | tail -n 1)"
for ((i = 0; i < 600; i++)); do
    ! grep -aqE "^tick $((last + 100)) " "$work/steady" || break
    sleep 0.1
done
((i < 600)) || give_up "the steady partition does not tick any more after $last"
kill "${pids[1]}"
wait "${pids[1]}" || true
numbers() { tr -d '\r' <"$1" | sed -nE 's/^tick ([0-9]+) [0-9]+$/\1/p'; }
diff <(numbers "$work/steady") <(seq "$(numbers "$work/steady" | tail -n 1)") | head -n 20 >"$work/missing" || true
[[ ! -s $work/missing ]] || give_up "ticks of the partition that runs all the time are missing: $(<"$work/missing")"
"$tool" console steady --management "127.0.0.1:$port" --scrollback 4096 </dev/null >"$work/again" 2>"$work/left" &
pids+=($!)
for ((i = 0; i < 100; i++)); do
    [[ $(wc -c <"$work/again") -le 4096 ]] || break
    sleep 0.1
done
ask 'stop partition=steady'
wait "${pids[2]}" || give_up 'the console does not end with its partition'
numbers "$work/again" >"$work/numbers"
[[ $(head -n 1 "$work/numbers") -lt $(numbers "$work/steady" | tail -n 1) ]] || give_up 'the second console has no scrollback'

ask 'remove partition=steady'
look
[[ $free == "$at_first" ]] || give_up "$at_first were free at first, and $free at last"
! grep -aE 'BAD|panic' "$work/machine" "$work/steady" "$work/again" || give_up 'a partition found what is not its own, see above'
ask shutdown
wait "${pids[0]}" || give_up 'the machine did not end as it should'
pids=()
echo "$cycles cycles: $free are free, as at first"
