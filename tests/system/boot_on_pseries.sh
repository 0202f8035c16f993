#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernel image as a partition of QEMU's own PAPR implementation: reads the tree, brings the network up, answers an
# operator and shuts down when asked; without a management card or keys, when nobody can ask, of its own.
# usage: boot_on_pseries.sh IMAGE QEMU TRANSOM
set -euo pipefail

image="$1"
qemu="$2"
tool="$3"
[[ -f $image ]] || { echo "$image is missing: build preset power"; exit 1; }
transcript="$(mktemp)"
pid=''
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -f "$transcript"' EXIT

fail() {
    cat "$transcript"
    echo "--- $1"
    exit 1
}

# Starts the machine in the background; the console goes to the transcript.
start() {
    local cpu="$1"
    shift
    # The capabilities that are switched off are what an emulated processor cannot give; without them QEMU warns.
    timeout 60 "$qemu" -M pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off -cpu "$cpu" -m 1G \
        -nodefaults -nographic -serial stdio -bios "$image" -netdev user,id=link \
        -device virtio-net-pci,netdev=link,mac=52:54:00:77:00:03,disable-legacy=on,romfile= "$@" \
        </dev/null >"$transcript" 2>&1 &
    pid=$!
}

ended() {
    wait "$pid" || fail "$1: QEMU ended with status $?"
    pid=''
    ! grep -aqi panic "$transcript" || fail "$1: it panicked"
}

for cpu in POWER8 POWER9 POWER10; do
    start "$cpu"
    ended "$cpu"
    for line in "$cpu, 1 threads" 'memory 0x0 to 0x40000000' 'net: link 10.77.0.3 mtu 65000 mac 52:54:00:77:00:03'; do
        grep -qF "$line" "$transcript" || fail "$cpu: no line with: $line"
    done
    echo "$cpu: boots and shuts down"
done

start POWER9 -netdev user,id=mgmt -device virtio-net-pci,netdev=mgmt,mac=52:54:00:78:00:03,disable-legacy=on,romfile=
ended 'without keys'
grep -qF "no operator's key was given: the management port stays closed; see transom run --operator-key" "$transcript" ||
    fail 'without keys: it does not say that its management port is closed'
echo 'management without keys: closed'

: >"$transcript"
"$tool" run --machine pseries --qemu "$qemu" --image "$image" </dev/null >"$transcript" 2>&1 &
pid=$!
answer=''
for _ in {1..100}; do
    port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$transcript")"
    [[ -z $port ]] || ! answer="$("$tool" request hello --management "127.0.0.1:$port" 2>&1)" || break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
done
[[ $answer == 'ok transom='*'machine=pseries'* ]] || fail "hello was answered with: $answer"
answer="$("$tool" request shutdown --management "127.0.0.1:$port" 2>&1)" || true
[[ $answer == ok ]] || fail "shutdown was answered with: $answer"
ended management
echo 'management: hello and shutdown'
