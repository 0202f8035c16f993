#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: four_linux.sh SECONDS TRANSOM [OPTION...]
# Four partitions of two virtual processors each share two processors, and all work: checksums of copies in memory, pipes, short
# sleeps. Nothing is wrong, nothing stalls; and what Linux says was stolen leaves each what it is entitled to, and capped at. (A fifth of
# the machine is nobody's: the hypervisor's own work has to be done, too.)
set -euo pipefail

seconds="$1"
tool="$2"
shift 2
names=(north east south west)
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

{
    echo '/dts-v1/; / { compatible = "transom,manifest-1"; partitions {'
    for name in "${names[@]}"; do
        echo "$name { memory-mib = <256>; virtual-processors = <2>; entitled-capacity = <40>; capped; bootargs = \"console=hvc0 quiet\";"
        echo 'kernel = "${TRANSOM_CACHE}/linux/vmlinux"; initramfs = "${TRANSOM_CACHE}/linux/initramfs.gz"; };'
    done
    echo '}; };'
} >"$work/four.dts"
: >"$work/output"
"$tool" run --processors 2 --manifest "$work/four.dts" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!

port=''
for ((i = 0; i < 300; i++)); do
    port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
    [[ -n $port ]] && [[ $(grep -ac 'first instruction' "$work/output") -gt 0 ]] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done

# What a partition does. Each function works until its time is over and says how often something was wrong.
# shellcheck disable=SC2016
program='up() { cut -d. -f1 /proc/uptime; }
copies() { n=0; bad=0; dd if=/dev/urandom of=/tmp/a$1 bs=128k count=4 2>/dev/null; sum=$(sha1sum </tmp/a$1)
while [ $(up) -lt $end ]; do cp /tmp/a$1 /tmp/b$1; [ "$(sha1sum </tmp/b$1)" = "$sum" ] || bad=$((bad+1)); n=$((n+1)); done; echo "did copies bad=$bad n=$n"; }
pipes() { n=0; bad=0; while [ $(up) -lt $end ]; do [ "$(seq 1 3000 | cat | awk "{s+=\$1} END {print s}")" = 4501500 ] || bad=$((bad+1)); n=$((n+1)); done; echo "did pipes bad=$bad n=$n"; }
sleeps() { n=0; while [ $(up) -lt $end ]; do usleep 1500; n=$((n+1)); done; echo "did sleeps bad=0 n=$n"; }
now() { echo $(grep "^cpu " /proc/stat) $(cut -d" " -f1 /proc/uptime); }
load() { now >/tmp/before; end=$(($(up)+$1)); copies 1 & copies 2 & copies 3 & pipes & sleeps & wait
echo load $(cat /tmp/before) $(now); echo complaints=$(dmesg | grep -cE "stall|BUG|WARNING|Oops|lockup"); echo load ended; }'

talk() { # NAME: types the program at the partition's console, lets it run, and switches the partition off
    local name="$1" line
    coproc "$tool" console "$name" --scrollback no --management "127.0.0.1:$port"
    exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}"
    # The shell may not be there yet: it says so when it is.
    printf '\n' >&4
    while IFS= read -r -t 200 -d '#' line <&3 && [[ $line != *transom ]]; do :; done
    printf '%s\nload %s\n' "$program" "$seconds" >&4
    while IFS= read -r -t $((seconds + 200)) line <&3; do
        printf '%s\n' "$line"
        [[ $line != 'load ended'* ]] || break
    done
    printf 'poweroff\n' >&4
    cat <&3 >/dev/null || true
}
talkers=()
for name in "${names[@]}"; do
    talk "$name" >"$work/$name" 2>"$work/$name.errors" &
    talkers+=("$!")
done
for talker in "${talkers[@]}"; do
    if ! wait "$talker"; then
        tail -n 40 "$work/output" "$work"/*.errors
        echo 'nobody can be talked to'
        exit 1
    fi
done
status=0
wait "$pid" || status=$?
pid=''

failed=0
complain() {
    echo "$1"
    failed=1
}
for name in "${names[@]}"; do
    said="$(tr -d '\r' <"$work/$name" | grep -aE '^(did|load|complaints)' || true)"
    printf '%s:\n%s\n' "$name" "$said"
    [[ $(grep -cE '^did (copies|pipes|sleeps) bad=0 n=[1-9]' <<<"$said") -eq 5 ]] || complain "$name: not all of its work is right"
    grep -q '^complaints=0$' <<<"$said" || complain "$name: the kernel complains"
    # Before and after: user nice system idle iowait irq softirq steal guest guest_nice, in hundredths of a second, and seconds of
    # uptime. Linux counts user and system by ticks, of which it has none while its time is stolen, and as idle also the time that
    # is stolen from who has just been woken: they are no measure. With four loops that never sleep it is never idle for long.
    awk -v name="$name" '/^load cpu/ { wall = 100 * ($25 - $13); stolen = ($22 - $10) / wall; idle = ($18 + $19 - $6 - $7) / wall
        got = 2 - stolen; seen = 1
        printf "%s: %.3f processors for %.1f s, idle %.3f, stolen %.3f\n", name, got, wall / 100, idle, stolen }
        END { exit !(seen && got > 0.95 * 0.4 && got < 1.05 * 0.4) }' <<<"$said" ||
        complain "$name: what was not stolen from it is not what it is entitled to"
done
[[ $status -eq 0 ]] || complain "the machine ended with $status"
[[ $failed -eq 0 ]] || tail -n 40 "$work/output"
exit "$failed"
