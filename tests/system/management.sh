#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: management.sh TRANSOM [OPTION...]
# Who may give orders to a machine: an operator whose key it was started for, and nobody else. A stranger, who speaks without TLS and who says
# nothing are refused, both sides say so, and meanwhile the operator is served and the partition runs.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

give_up() {
    tail -n 20 "$work/output"
    echo "--- $1"
    exit 1
}

for name in machine me other; do
    "$tool" key make "$work/$name" >/dev/null
done
# shellcheck disable=SC2016
echo '/dts-v1/; / { compatible = "transom,manifest-1";
    partitions { spin { memory-mib = <64>; kernel = "${TRANSOM_BUILD}/tests/guests/spin.elf"; }; }; };' >"$work/spin.dts"
! "$tool" run --manifest "$work/spin.dts" --key "$work/machine" --peer-key "$work/me.pub" "$@" </dev/null >"$work/output" 2>&1 ||
    give_up 'other machines may come where there is no link'
grep -q 'run --peer-key: the machine has no link' "$work/output" || give_up 'it does not say that there is no link'

: >"$work/output"
"$tool" run --manifest "$work/spin.dts" --key "$work/machine" --operator-key "$work/me.pub" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!
port=''
for ((i = 0; i < 300; i++)); do
    port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
    [[ -z $port ]] || ! grep -aq 'partition spin: first instruction' "$work/output" || break
    kill -0 "$pid" 2>/dev/null || give_up 'the machine has ended'
    sleep 0.2
done

# usage: ask OPERATOR MACHINE REQUEST: the answer is in $said
ask() {
    said="$(timeout 30 "$tool" request "$3" --management "127.0.0.1:$port" --key "$work/$1" --machine-key "$work/$2.pub" 2>&1)"
}
served() {
    ask me machine status || give_up "the operator is not served$1: $said"
    [[ $said == *'partition=spin state=running'* ]] || give_up "the partition does not run$1: $said"
}
said_on_machine() { # TEXT
    local i
    for ((i = 0; i < 50; i++)); do
        ! grep -aqF "transom: management: 10.0.2.2 $1" "$work/output" || return 0
        sleep 0.1
    done
    give_up "the machine does not say: $1"
}

served ''
! ask other machine 'stop partition=spin' || give_up "a stranger's order was carried out: $said"
[[ $said == *': the machine does not know this key'* ]] || give_up "the stranger is told: $said"
said_on_machine 'is nobody that this machine knows: its key is not pinned here'
! ask me other 'stop partition=spin' || give_up "another machine was taken for this one: $said"
[[ $said == *': what answers is not the machine that was meant'* ]] || give_up "who means another machine is told: $said"
! said="$("$tool" list --management "127.0.0.1:$port" 2>&1)" || give_up "nobody was given keys, and they are there: $said"
[[ $said == *'no key for it is kept here'* ]] || give_up "who has no key is told: $said"
served ' after strangers'

exec {plain}<>"/dev/tcp/127.0.0.1/$port"
printf 'stop partition=spin force=yes\n' >&"$plain"
said="$(timeout 20 cat <&"$plain" | tr -cd '[:print:]')" || give_up 'who speaks without TLS is not hung up on'
exec {plain}>&-
[[ $said != *ok* && $said != *error* ]] || give_up "who speaks without TLS is answered: $said"
said_on_machine 'does not speak TLS, and nothing is said here without it'
served ' after one that spoke without TLS'

# They are refused by an alert, and keep their ends of the connections: more of them than the machine can have.
holding=()
for ((i = 0; i < 150; i++)); do
    exec {one}<>"/dev/tcp/127.0.0.1/$port"
    printf 'x' >&"$one" || true
    holding+=("$one")
    sleep 0.02
done
served ' beside ones that hold on'
for one in "${holding[@]}"; do
    exec {one}>&-
done

silent=()
for ((i = 0; i < 8; i++)); do
    exec {one}<>"/dev/tcp/127.0.0.1/$port"
    silent+=("$one")
done
served ' beside silent ones'
for one in "${silent[@]}"; do
    said="$(timeout 20 cat <&"$one")" || [[ $? -eq 1 ]] || give_up 'who says nothing is not hung up on' # 1: by a reset
    [[ -z $said ]] || give_up "who says nothing is answered: $said"
    exec {one}>&-
done
said_on_machine 'has not shown in time who it is'
served ' after silent ones'

for name in machine me other; do
    secret="$(sed -nE 's/^transom-private-key-1 (.{16}).*/\1/p' "$work/$name")"
    [[ ${#secret} -eq 16 ]] || give_up "key $name is not in its file"
    ! grep -aqi "$secret" "$work/output" || give_up "the key of $name is in the log"
done
ask me machine shutdown || give_up "shutdown is answered by: $said"
wait "$pid" || give_up 'the machine did not end as it should'
pid=''
! ask me machine hello || give_up "a machine that has ended answers: $said"
[[ $said == *'the management service does not answer: the port does not accept connections' ]] || give_up "of one that has ended is said: $said"
grep -a 'transom: management:' "$work/output"
