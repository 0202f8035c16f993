#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Linux partition's kernel and root file system under QEMU's own pseries machine: what later fails under Transom and
# passes here is Transom's fault. Checks the shell, its job control, the ticker and poweroff.
# usage: guest_on_pseries.sh CACHE QEMU
set -euo pipefail

cache="$1"
qemu="$2"
for file in vmlinux initramfs.gz; do
    [[ -f $cache/linux/$file ]] || { echo "$cache/linux/$file is missing: run tools/setup"; exit 1; }
done

. "$(dirname "${BASH_SOURCE[0]}")/console.sh"

# The last four are what an emulated processor cannot give; without them QEMU warns.
machine='pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off'
start_console "$qemu" -M "$machine" -cpu POWER9 -m 512 -nographic -nodefaults -serial stdio \
    -kernel "$cache/linux/vmlinux" -initrd "$cache/linux/initramfs.gz" -append 'console=hvc0 disable_radix'
await 'transom# '
send 'ticker 20'
await 'tick 20 '
printf '\003' >&"$to" # job control: the terminal's interrupt key ends the ticker
await 'transom# '
send 'cat /proc/sys/kernel/random/boot_id'
await 'transom# '
send poweroff
end_console
[[ $transcript == *'Power down'* ]] || give_up 'it did not switch itself off'
check_ticks
check_kernel_messages
echo 'shell, job control, ticks, poweroff: ok'
