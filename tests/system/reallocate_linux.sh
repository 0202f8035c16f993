#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: reallocate_linux.sh TRANSOM alone|swap [OPTION...]
# A Linux that lies badly on a machine of two chips asks for the score that it has and could have, has itself reallocated, and asks again, by a program
# in its root file system (R70, R71); a checksum of its memory is reckoned over and over meanwhile. alone: its memory and page table are on the chip where
# its processors are not at home, and where nobody else gets a home: its memory has to move. swap: so lie two of them, one the other way round, which leave
# each other no room for processors: they have to change homes, and no block moves in vain.
set -euo pipefail

tool="$1" what="$2"
shift 2
work="$(mktemp -d)"
pid=""
consoles=()
stop_all() {
    kill ${pid:+"$pid"} "${consoles[@]}" 2>/dev/null || true
    wait || true
    rm -rf "$work"
}
trap stop_all EXIT

give_up() {
    tail -n 40 "$work"/*.console "$work/output"
    echo "$1"
    exit 1
}

# usage: field NAME TEXT
field() { sed -nE "s/.*\b$1=([^ ]*).*/\1/p" <<<"$2"; }
ask() { timeout 20 "$tool" request "$1" --management "127.0.0.1:$port"; }

# It waits for all others to be up, as its processors' time is theirs; then it says what it finds.
mkdir "$work/root"
cat >"$work/root/init" <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1
dd if=/dev/urandom of=/tmp/data bs=128k count=160 2>/dev/null
while [ ! -e /tmp/enough ]; do md5sum /tmp/data; done >/tmp/sums &
for node in /sys/devices/system/node/node*; do
    echo "sees: ${node##*/} processors=$(cat $node/cpulist) kib=$(sed -n 's/.*MemTotal: *\([0-9]*\) kB/\1/p' $node/meminfo)"
done
sleep 2
affinity improve
affinity job
sleep 2
touch /tmp/enough
wait
echo "checksums=$(wc -l </tmp/sums) different=$(sort -u /tmp/sums | wc -l) oops=$(dmesg | grep -cE 'Oops|BUG|stuck')"
echo "all is said"
while :; do sleep 3600; done
END
chmod 755 "$work/root/init"
cp "${TRANSOM_CACHE:-$HOME/.cache/transom}/linux/initramfs.gz" "$work/initramfs"
(cd "$work/root" && echo init | cpio --quiet --create --format=newc) | gzip -n >>"$work/initramfs"

# usage: sees NAME MEMORY_NODE PROCESSOR_NODE
# What Linux makes of its device tree: all of the one on one node, all of the other on the other (R84).
sees() {
    local seen
    seen="$(grep -a '^sees: node' "$work/$1.console" | tr -d '\r' || true)"
    grep -qE "^sees: node$2 processors= kib=[1-9]" <<<"$seen" && grep -qE "^sees: node$3 processors=0 kib=0$" <<<"$seen" &&
        [[ $(wc -l <<<"$seen") == 2 ]] || give_up "$1 does not see how it lies: $seen"
}

# usage: linux NAME MEMORY_NODE PROCESSOR_NODE
linux() {
    echo "$1 { memory-mib = <256>; entitled-capacity = <90>; memory-nodes = <$2>; page-table-node = <$2>; processor-nodes = <$3>;" \
        "kernel = \"\${TRANSOM_CACHE}/linux/vmlinux\"; initramfs = \"initramfs\"; bootargs = \"console=hvc0 quiet\"; };"
}
# shellcheck disable=SC2016 # the tool replaces it
wall='wall { memory-mib = <64>; entitled-capacity = <95>; keep-place; memory-nodes = <0>; page-table-node = <0>; processor-nodes = <1>;
    kernel = "${TRANSOM_BUILD}/tests/guests/spin.elf"; };'
{
    echo '/dts-v1/; / { compatible = "transom,manifest-1"; partitions {'
    linux east 1 0
    if [[ $what == alone ]]; then echo "$wall"; else linux west 0 1; fi
    echo '}; };'
} >"$work/linux.dts"
names=(east)
[[ $what == alone ]] || names=(east west)
: >"$work/output"
"$tool" run --processors 2 --chips 2 --memory 4G --manifest "$work/linux.dts" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!
for ((i = 0; i < 600; i++)); do
    port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
    [[ -z $port ]] || break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
mkfifo "$work/keys"
exec 3<>"$work/keys" # nobody types, and nobody hangs up
for name in "${names[@]}"; do
    "$tool" console "$name" --management "127.0.0.1:$port" <"$work/keys" >"$work/$name.console" 2>&1 &
    consoles+=("$!")
done
for name in "${names[@]}"; do
    for ((i = 0; i < 1500; i++)); do
        ! grep -aq 'all is said' "$work/$name.console" || break
        kill -0 "$pid" 2>/dev/null || give_up "the machine has ended"
        sleep 0.2
    done
done
sees east 1 0
[[ $what == alone ]] || sees west 0 1
moved=0
for name in "${names[@]}"; do
    grep -aE '^affinity:|^checksums=' "$work/$name.console" | tr -d '\r' | tee "$work/$name.said"
    first="$(sed -n 1p "$work/$name.said")" found="$(sed -n 2p "$work/$name.said")"
    job="$(sed -n 3p "$work/$name.said")" last="$(sed -n 4p "$work/$name.said")" sums="$(tail -n 1 "$work/$name.said")"
    [[ $(field potential "$found") == 100.000 && $(field score "$last") == 100.000 ]] ||
        give_up "$name does not lie as well as it could"
    if [[ $(field job "$job") == done ]]; then
        moved=$((moved + 1))
        [[ $(field before "$job") == "$(field score "$first")" && $(field after "$job") == "$(field predicted "$job")" ]] ||
            give_up "$name has not what was predicted"
        awk -v score="$(field score "$first")" 'BEGIN { exit !(score < 50) }' || give_up "$name lay well from the beginning"
    else
        # Of two that change places one asks, and both have what they want.
        [[ $what == swap && $(field job "$job") == refused ]] || give_up "$name was not reallocated: $job"
    fi
    [[ $(field different "$sums") == 1 && $(field oops "$sums") == 0 && $(field checksums "$sums") -ge 3 ]] ||
        give_up "$name is not what it was: $sums"
done
[[ $moved -ge 1 ]] || give_up "nobody was reallocated"
ask affinity
closed="$(field longest_closed_ticks "$(grep -ah 'job=done' "$work"/*.said | tail -n 1)")"
if [[ $what == alone ]]; then
    [[ $closed -gt 0 ]] || give_up "no block has moved"
else
    [[ $closed == 0 ]] || give_up "a block has moved in vain"
fi
echo "$what: reallocated at a partition's own request"
