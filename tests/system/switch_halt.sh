#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: switch_halt.sh TOOL [OPTION...]
# A virtual processor that goes back from the second page table to the first is held for as many instructions whether the tables have 16 MiB
# or 256 MiB: the ratio is at most 1.1 (requirement R10). Each size in a series of moves; PMC5 counts, so the host's load does not matter.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

for mib in 16 256; do
    "$tool" migrate --guest storing --processors 2 --mode post-copy --rounds 8 --page-table "$mib" --json "$work/$mib.json" "$@" </dev/null
done
python3 - "$work/16.json" "$work/256.json" <<'END'
import json, sys
small, large = (json.load(open(path)) for path in sys.argv[1:])
for r in small, large:
    print([(m["t2_switches"], m["switch_halt_by_fault"], m["switch_halt_on_entry"]) for m in r["moves"]])
    if not all(m["wrong_lines"] == m["rc_mismatches"] == 0 and m["t2_live_at_switch"] > 0 for m in r["moves"]):
        sys.exit("a move is not right")
# A processor that meets a fault before it is brought out is held differently; a series may have none of those.
compared = 0
for way in "switch_halt_by_fault", "switch_halt_on_entry":
    longest = [max(m[way] for m in r["moves"]) for r in (small, large)]
    if 0 in longest:
        continue
    ratio = longest[1] / longest[0]
    print(f"{way}: {longest[0]} and {longest[1]} instructions, ratio {ratio:.3f}")
    if ratio > 1.1:
        sys.exit("a switch takes longer where the page table is larger")
    compared += 1
if compared == 0:
    sys.exit("no switch was counted")
END
