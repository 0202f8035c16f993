#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A system reset hits the idle hypervisor: it must say what, where and the registers, and switch the machine off.
# usage: panic.sh IMAGE [--machine MACHINE] [--qemu PATH]
set -euo pipefail

image="$1"
shift
machine=powernv9 qemu=qemu-system-ppc64
while [[ $# -gt 0 ]]; do
    case "$1" in
        --machine) machine="$2" ;;
        --qemu) qemu="$2" ;;
        *) echo "panic.sh: what is $1?" >&2; exit 2 ;;
    esac
    shift 2
done
[[ -f $image ]] || { echo "panic.sh: $image is missing: build the preset power" >&2; exit 1; }

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
log="$dir/console"
: >"$log"

# Wakes the monitor's commands up once the machine waits for partitions.
commands() {
    for ((i = 0; i < 300; ++i)); do
        if grep -aq 'no link to other machines' "$log"; then
            sleep 1
            echo nmi
            break
        fi
        sleep 0.1
    done
    sleep 20
}
status=0
timeout 60 "$qemu" -M "$machine" -m 2G -display none -nodefaults -serial "file:$log" -monitor stdio -kernel "$image" \
    -device ipmi-bmc-sim,id=bmc0 -device isa-ipmi-bt,bmc=bmc0,irq=10 < <(commands) >"$dir/monitor" || status=$?

fail() {
    echo "panic.sh: $1; the console said:" >&2
    cat "$log" >&2
    exit 1
}
[[ $status -eq 0 ]] || fail "QEMU ended with $status instead of being switched off"
grep -aq 'transom: panic: interrupt 0x100 in the hypervisor' "$log" || fail "no panic was reported"
grep -aqE 'transom: nip 0x[0-9a-f]{16} msr 0x[0-9a-f]{16} lr 0x' "$log" || fail "it does not say where"
[[ $(grep -acE 'transom: r[0-9]+ +[0-9a-f]{16} ' "$log") -eq 8 ]] || fail "registers are missing"
grep -aq 'called from 0x' "$log" || fail "it does not say by whom"
