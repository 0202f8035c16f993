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

# The last three are what an emulated processor cannot give; without them QEMU warns.
machine='pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off'
coproc guest {
    exec "$qemu" -M "$machine" -cpu POWER9 -m 512 -nographic -nodefaults -serial stdio -kernel "$cache/linux/vmlinux" \
        -initrd "$cache/linux/initramfs.gz" -append 'console=hvc0 disable_radix' 2>&1
}
pid="$guest_PID"
exec {from}<&"${guest[0]}" {to}>&"${guest[1]}"
trap 'kill "$pid" 2>/dev/null || true' EXIT

transcript=''
# Reads until the console shows TEXT after what was read before.
await() {
    local text="$1" seen='' chunk
    while [[ $seen != *"$text"* ]]; do
        chunk=''
        IFS= read -r -t 60 -d '' -n 1 -u "$from" chunk || [[ -n $chunk ]] || {
            printf '%s\n' "$transcript$seen" | tail -n 40
            echo "--- the console ended or fell silent before: $text"
            exit 1
        }
        seen+="$chunk"
    done
    transcript+="$seen"
}
send() { printf '%s\n' "$1" >&"$to"; }

await 'transom# '
send 'ticker 20'
await 'tick 20 '
printf '\003' >&"$to" # job control: the terminal's interrupt key ends the ticker
await 'transom# '
send 'cat /proc/sys/kernel/random/boot_id'
await 'transom# '
send poweroff
await 'Power down'
wait "$pid" || { echo "QEMU ended with status $?"; exit 1; }

numbers="$(sed -nE 's/^tick ([0-9]+) [0-9]+ [0-9]+\r?$/\1/p' <<<"$transcript")"
diff <(seq 1 "$(tail -n 1 <<<"$numbers")") <(printf '%s\n' "$numbers") || { echo 'the ticks are not 1, 2, 3...'; exit 1; }
if grep -aiE "can't access tty|panic|Call Trace|unable to open an initial console" <<<"$transcript"; then exit 1; fi
echo "shell, job control, $(tail -n 1 <<<"$numbers") ticks, poweroff: ok"
