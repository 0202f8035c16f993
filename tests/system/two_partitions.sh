#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: two_partitions.sh TRANSOM [OPTION...]
# Two `spin` partitions share one processor: neither finds anything of the other in its registers or in its memory.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

partition='memory-mib = <64>; kernel = "${TRANSOM_BUILD}/tests/guests/spin.elf";'
cat >"$work/two.dts" <<END
/dts-v1/;
/ {
    compatible = "transom,manifest-1";
    partitions {
        even { $partition };
        odd { $partition };
    };
};
END
"$tool" run --manifest "$work/two.dts" "$@" </dev/null >"$work/output" 2>&1 &
pid=$!

# Each says so after a hundred looks; lines of the two may be mixed, but not their first 16 characters.
enough=6
for ((i = 0; i < 600; i++)); do
    [[ $(grep -ao 'spin: ok' "$work/output" | wc -l) -ge $enough ]] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
tail -c 2000 "$work/output"
for parity in even odd; do
    # Each writes bits that the other must not have: two of one kind would find nothing.
    if [[ $(grep -ao "spin: start $parity" "$work/output" | wc -l) -ne 1 ]]; then
        echo "there is not one partition whose number is $parity"
        exit 1
    fi
done
# QEMU's processors let a partition write 63 to 70; a search that stops too early or reads wrongly finds fewer.
fewest=60
counts="$(grep -aoE 'spin: regs=[0-9]+' "$work/output" | grep -oE '[0-9]+')" || true
for count in $counts; do
    if [[ $count -lt $fewest ]]; then
        echo "a partition looks at $count registers only, not at $fewest or more"
        exit 1
    fi
done
if [[ $(wc -w <<<"$counts") -ne 2 ]]; then
    echo "two partitions did not say how many registers they look at"
    exit 1
fi
if [[ $(grep -ao 'spin: ok' "$work/output" | wc -l) -lt $enough ]]; then
    echo "two partitions did not look often enough"
    exit 1
fi
if grep -a 'BAD' "$work/output" | head -n 40; then
    echo "a partition found what is not its own, see above"
    exit 1
fi
