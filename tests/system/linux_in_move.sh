#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: linux_in_move.sh TRANSOM kexec|reboot MODE BANDWIDTH [OPTION...]
# A Linux on two virtual processors, whose memory is on its way to another machine, is refused another size of its page table; then it starts its
# own kernel by kexec, or reboots. The kernel that kexec starts is up, with both processors, before the move is over, and it is that one which goes on
# there. Of one that reboots nothing need move any more: it starts where it runs, with both processors.
# BANDWIDTH, in bytes a second, has to be so little that a kernel boots meanwhile.
set -euo pipefail

tool="$1" what="$2" mode="$3" bandwidth="$4"
shift 4
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
ask a "migrate partition=debian to=10.77.0.2 mode=$mode bandwidth=$bandwidth" >/dev/null

# usage: wait_for_state STATE BEFORE: until the move is in STATE; BEFORE is an expression for the states that it may have until then
wait_for_state() {
    for ((i = 0; i < 900; i++)); do
        state="$(ask a migration)"
        [[ $state == *state=$1* ]] && return
        [[ $state =~ state=($2) ]] || give_up "the move comes to nothing: $state"
        sleep 0.2
    done
    give_up "the move does not become $1: $state"
}

if [[ $mode == post-copy ]]; then
    where=b while_in=post-copying shells=0 after_reboot=completed
else
    where=a while_in=pre-copying shells=1 after_reboot=failed
fi
wait_for_state "$while_in" 'connecting|copying|confirming'
printf 'mount -t debugfs debugfs /sys/kernel/debug; echo 20 >/sys/kernel/debug/powerpc/hpt_order; echo resize: $?\n' >&"${typed[$where]}"
wait_for "$where" 'Operation not permitted' 1
wait_for "$where" 'resize: 1' 1
case "$what" in
    kexec) printf 'kexec /boot/vmlinux /boot/initramfs.gz\n' >&"${typed[$where]}" ;;
    reboot) printf 'reboot -f\n' >&"${typed[$where]}" ;;
esac
wait_for "$where" 'A shell follows' $((shells + 1))
state="$(ask a migration)"
if [[ $what == kexec ]]; then
    [[ $state == *state=$while_in* ]] || give_up "the new kernel is up after the move: $state"
    wait_for_state completed "$while_in|copying|confirming|post-copying"
    where=b
else
    [[ $state == *state=$after_reboot* ]] || give_up "something of what there was before the reboot moves: $state"
fi
printf '\necho processors=$(grep -c ^processor /proc/cpuinfo) kernels=$(dmesg | grep -c "Linux version") oops=$(dmesg | grep -cE "Oops|BUG|stuck")\n' >&"${typed[$where]}"
wait_for "$where" 'processors=2 kernels=1 oops=0' 1
! grep -aqE 'Oops: |is stuck' "$work"/*.output || give_up "a kernel complains"
echo "$what in a move, $mode: the new kernel goes on at $where with both processors"
