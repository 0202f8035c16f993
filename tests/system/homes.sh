#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: homes.sh TRANSOM ROUNDS [OPTION...]
# A partition is moved from chip to chip and back, and sees that it is: H_HOME_NODE_ASSOCIATIVITY and the counters of its virtual processor area change
# exactly when its home does, and at the levels at which it does, its device tree has said the same before; and where nothing moves they do not (R83, R84).
set -euo pipefail

tool="$1" rounds="$2"
shift 2
work="$(mktemp -d)"
pid=""
stop_all() {
    [[ -z "$pid" ]] || kill "$pid" 2>/dev/null || true
    wait || true
    rm -rf "$work"
}
trap stop_all EXIT

give_up() {
    tail -n 40 "$work/output"
    echo "$1"
    exit 1
}

# usage: wait_for COUNT TEXT
wait_for() {
    for ((i = 0; i < 600; i++)); do
        ! grep -aF 'homes: BAD' "$work/output" || give_up "it sees what is not"
        [[ $(grep -acF "$2" "$work/output") -lt $1 ]] || return 0
        kill -0 "$pid" 2>/dev/null || give_up "the machine has ended"
        sleep 0.1
    done
    give_up "the machine does not say $1 times: $2"
}

ask() { timeout 20 "$tool" request "$1" --management "127.0.0.1:$port"; }

cat >"$work/homes.dts" <<END
/dts-v1/; / { compatible = "transom,manifest-1"; partitions { homes { memory-mib = <32>;
    memory-nodes = <0>; page-table-node = <0>; processor-nodes = <0>; kernel = "\${TRANSOM_BUILD}/tests/guests/homes.elf"; }; }; };
END
: >"$work/output"
"$tool" run --processors 2 --chips 2 --memory 4G --manifest "$work/homes.dts" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!
wait_for 1 'management on 127.0.0.1:'
port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
wait_for 1 'homes: begin'
for ((round = 1; round <= rounds; round++)); do
    for again in 1 2; do # the second time it is there already
        for ((try = 0; ; try++)); do # the last one may still be coming back to its first page table
            said="$(ask "reallocate partition=homes to-node=$((round % 2))" 2>&1)" && break
            [[ $try -lt 300 ]] || give_up "it is not moved: $said"
            sleep 0.1
        done
        for ((i = 0; ; i++)); do
            job="$(ask reallocation)" || give_up "the machine does not say how the move goes on"
            [[ $job =~ state=(planning|running|stopping) ]] || break
            [[ $i -lt 600 ]] || give_up "the move comes to no end: $job"
            sleep 0.1
        done
        [[ $job =~ state=done ]] || give_up "it has not moved: $job"
        [[ $again == 2 ]] || wait_for "$round" 'homes: moved'
    done
done
sleep 1
seen="$(grep -aF 'homes: moved' "$work/output" | tr -d '\r')"
[[ $(wc -l <<<"$seen") == "$rounds" ]] || give_up "it has seen more moves than there were"
grep -aF 'homes: begin' "$work/output"
echo "$seen" | tail -n 2
last="$(tail -n 1 <<<"$seen")"
[[ $last =~ counters=$rounds,.*,0$ ]] || give_up "not each of $rounds moves was counted where it changed something, or one where it did not"
echo "homes: $rounds moves, each seen once"
