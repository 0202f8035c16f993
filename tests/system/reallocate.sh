#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: reallocate.sh TRANSOM ROUNDS [OPTION...]
# The guest storing, which knows what each line of its memory and each slot of its page table must hold, lies badly on a machine of two chips: its
# memory and its page table are far from its processors. It is reallocated, then moved to the other chip and back, over and over, and once stopped in
# the middle each time; it must find nothing wrong, and lie where it was sent (R75, R79, R81, R82). It has asked for nothing and is told nothing (R85).
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

# usage: wait_for TEXT
wait_for() {
    for ((i = 0; i < 900; i++)); do
        grep -aqF "$1" "$work/output" && return
        kill -0 "$pid" 2>/dev/null || give_up "the machine has ended"
        sleep 0.2
    done
    give_up "the machine does not say: $1"
}

ask() { timeout 20 "$tool" request "$1" --management "127.0.0.1:$port"; }

# usage: field NAME TEXT
field() { sed -nE "s/.*\b$1=([^ ]*).*/\1/p" <<<"$2"; }

# usage: end_of: until the reallocation is over; what it came to is in $job
end_of() {
    for ((i = 0; i < 900; i++)); do
        job="$(ask reallocation)"
        [[ $(field state "$job") =~ planning|running|stopping ]] || return 0
        sleep 0.1
    done
    give_up "the reallocation comes to no end: $job"
}

# usage: expect_all_on NODE
expect_all_on() {
    local memory=83886080 there
    there="$([[ $1 == 0 ]] && echo "$memory,0" || echo "0,$memory")"
    place="$(ask affinity | grep partition=storing)"
    [[ "$(field memory "$place")" == "$there" && "$(field page-table "$place")" == "$1" ]] ||
        give_up "it is not all on node $1: $place"
}

# It goes on, and has found nothing wrong. Its last line may not be all there yet.
lines=0
look() {
    for ((i = 0; i < 300; i++)); do
        line="$(grep -a 'storing: ok lines=.* rounds=' "$work/output" | tail -n 1)"
        now="$(field lines "$line")"
        [[ -n "$now" && "$now" -gt "$lines" ]] && break
        sleep 0.1
    done
    [[ "$now" -gt "$lines" ]] || give_up "the guest does not go on: $line"
    lines="$now"
    line="$(grep -a 'storing: ok lines=.* rounds=' "$work/output" | tail -n 1)"
    ! grep -aE 'storing: BAD' "$work/output" || give_up "the guest has found something"
    for wrong in wrong_lines rc_mismatches wrong_others; do
        [[ "$(field "$wrong" "$line")" == 0 ]] || give_up "the guest has found something: $line"
    done
}

cat >"$work/storing.dts" <<END
/dts-v1/; / { compatible = "transom,manifest-1"; partitions { storing { memory-mib = <80>; virtual-processors = <2>; granule-kib = <64>;
    memory-nodes = <1>; page-table-node = <1>; processor-nodes = <0>; kernel = "\${TRANSOM_BUILD}/tests/guests/storing.elf"; }; }; };
END
: >"$work/output"
"$tool" run --processors 2 --chips 2 --memory 4G --manifest "$work/storing.dts" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!
wait_for 'management on 127.0.0.1:'
port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
wait_for 'rounds=2,'
ask affinity
expect_all_on 1
ask 'reallocate partition=storing' >/dev/null
end_of
echo "$job"
[[ $(field state "$job") == done && $(field after "$job") == 100.000 && $(field predicted "$job") == 100.000 ]] ||
    give_up "it does not lie as well as it can"
look
for ((round = 1; round <= rounds; round++)); do
    to=$((round % 2))
    ask "reallocate partition=storing to-node=$to" >/dev/null
    sleep "0.$((RANDOM % 5))"
    ask stop-reallocation >/dev/null || true
    end_of
    look
    # What has been stopped goes on.
    for ((again = 0; again < 3; again++)); do
        ask "reallocate partition=storing to-node=$to" >/dev/null
        end_of
        [[ $(field state "$job") == done ]] && break
    done
    expect_all_on "$to"
    look
    echo "round $round of $rounds: $job"
done
wait_for 'storing: ok lines='
look
ask affinity
echo "storing lay on either node, $rounds times each way: $line"
