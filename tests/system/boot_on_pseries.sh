#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The kernel image as a partition of QEMU's own PAPR implementation: reads the tree, brings the link card up, and, as
# there is no management card by which anybody could ask for more, shuts down.
# usage: boot_on_pseries.sh IMAGE QEMU
set -euo pipefail

image="$1"
qemu="$2"
[[ -f $image ]] || { echo "$image is missing: build preset power"; exit 1; }

for cpu in POWER8 POWER9 POWER10; do
    # The capabilities that are switched off are what an emulated processor cannot give; without them QEMU warns.
    transcript="$(timeout 60 "$qemu" \
        -M pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off -cpu "$cpu" -m 1G -nodefaults \
        -nographic -serial stdio -bios "$image" -netdev user,id=link \
        -device virtio-net-pci,netdev=link,mac=52:54:00:77:00:03,disable-legacy=on,romfile= </dev/null 2>&1)" ||
        { printf '%s\n--- %s: QEMU ended with status %s\n' "$transcript" "$cpu" "$?"; exit 1; }
    for line in "$cpu, 1 threads" 'memory 0x0 to 0x40000000' 'net: link 10.77.0.3 mtu 65000 mac 52:54:00:77:00:03'; do
        grep -qF "$line" <<<"$transcript" || { printf '%s\n--- %s: no line with: %s\n' "$transcript" "$cpu" "$line"; exit 1; }
    done
    if grep -ai panic <<<"$transcript"; then exit 1; fi
    echo "$cpu: ok"
done
