#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: kexec_in_move.sh TRANSOM [OPTION...]
# A Linux on two virtual processors starts its own kernel by kexec while its memory is copied to another machine. The new kernel has both
# processors, the move comes to its end, and it is that kernel which goes on there.
set -euo pipefail

tool="$1"
shift
top="$(cd "$(dirname "$0")/../.." && pwd)"
linux="${TRANSOM_CACHE:-$HOME/.cache/transom}/linux"
work="$(mktemp -d)"
declare -A pid=() port=()
stop_all() {
    for name in "${!pid[@]}"; do kill "${pid[$name]}" 2>/dev/null || true; done
    wait || true
    rm -rf "$work"
}
trap stop_all EXIT

give_up() {
    tail -n 40 "$work"/*.output
    echo "$1"
    exit 1
}

# usage: wait_for NAME TEXT TIMES
wait_for() {
    for ((i = 0; i < 900; i++)); do
        [[ $(grep -aoF "$2" "$work/$1.output" | wc -l) -ge $3 ]] && return
        kill -0 "${pid[$1]}" 2>/dev/null || give_up "machine $1 has ended"
        sleep 0.2
    done
    give_up "machine $1 does not say: $2"
}

ask() { timeout 20 "$tool" request "$2" --management "127.0.0.1:${port[$1]}"; }

# usage: start NAME NUMBER MANIFEST OPTION...
start() {
    local name="$1" number="$2" manifest="$3"
    shift 3
    mkfifo "$work/$name.keys"
    : >"$work/$name.output"
    "$tool" run --number "$number" --manifest "$work/$manifest" "$@" <"$work/$name.keys" >"$work/$name.output" 2>&1 &
    pid[$name]=$!
    exec {keys}>"$work/$name.keys"
    typed[$name]=$keys
    wait_for "$name" 'management on 127.0.0.1:' 1
    port[$name]="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/$name.output")"
}
declare -A typed=()

# The kernel and the first root file system once more, in the file system; the new kernel and what runs between the two lie where the old one has nothing.
mkdir -p "$work/root/bin" "$work/root/boot"
powerpc64le-linux-gnu-gcc -std=c11 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none -I"$top/boot" \
    -DBETWEEN=0xb000000 -DTREE=0xb010000 -DKERNEL=0x7000000 -o "$work/root/bin/kexec" "$top"/tests/guests/linux/kexec.{c,S}
powerpc64le-linux-gnu-strip -o "$work/root/boot/vmlinux" "$linux/vmlinux"
cp "$linux/initramfs.gz" "$work/root/boot/"
(cd "$work/root" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | cpio --quiet --create --format=newc) >"$work/initramfs"
cat "$linux/initramfs.gz" >>"$work/initramfs"

head='/dts-v1/; / { compatible = "transom,manifest-1";'
cat >"$work/debian.dts" <<END
$head partitions { debian { memory-mib = <512>; virtual-processors = <2>; kernel = "$linux/vmlinux"; initramfs = "$work/initramfs";
    bootargs = "console=hvc0 loglevel=4"; }; }; };
END
echo "$head };" >"$work/empty.dts"
for name in a b; do "$tool" key make "$work/$name"; done
start a 1 debian.dts --processors 2 --link-listen "$work/link" --key "$work/a" --peer-key "$work/b.pub" "$@"
start b 2 empty.dts --processors 2 --link-connect "$work/link" --key "$work/b" --peer-key "$work/a.pub" "$@"
wait_for a 'transom# ' 1
ask a 'migrate partition=debian to=10.77.0.2 mode=hybrid bandwidth=8000000' >/dev/null
for ((i = 0; i < 600; i++)); do
    state="$(ask a migration)"
    [[ $state == *state=pre-copying* ]] && break
    [[ $state == *state=connecting* ]] || give_up "the move does not begin: $state"
    sleep 0.2
done
printf 'kexec /boot/vmlinux /boot/initramfs.gz\n' >&"${typed[a]}"
for ((i = 0; i < 900; i++)); do
    state="$(ask a migration)"
    [[ $state == *state=completed* ]] && break
    [[ $state =~ state=(connecting|pre-copying|copying|confirming|post-copying) ]] || give_up "the move comes to nothing: $state"
    sleep 0.2
done
# Its shell may have come up at either machine.
for ((i = 0; i < 900; i++)); do
    shells="$(cat "$work"/{a,b}.output | grep -ac 'A shell follows')" || true
    ((shells >= 2)) && break
    sleep 0.2
done
((shells == 2)) || give_up "the new kernel does not come up"
sleep 1
printf '\necho processors=$(grep -c ^processor /proc/cpuinfo) kernels=$(dmesg | grep -c "Linux version") oops=$(dmesg | grep -cE "Oops|BUG|stuck")\n' >&"${typed[b]}"
wait_for b 'processors=2 kernels=1 oops=0' 1
! grep -aqE 'Oops: |is stuck' "$work"/*.output || give_up "a kernel complains"
echo "kexec in a move; the new kernel goes on at b with both processors"
