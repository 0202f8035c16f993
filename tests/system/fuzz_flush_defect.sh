#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz_flush_defect.sh IMAGE OBJDUMP TOOL conform [OPTION...]
# One handler after the other loses its TLB invalidation, in a copy of the image where its tlbie is a no-op: `transom conform --fuzz`
# must end with 1 and print a few operations, the last of which finds a translation that is not there any more.
set -uo pipefail

image=$1 objdump=$2
shift 2
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# H_CLEAR_REF and H_CLEAR_MOD have one body; answer_specifier is H_BULK_REMOVE's. Of those that are made for one table and for two the former.
for handler in h_remove h_protect clear answer_specifier; do
    python3 - "$image" "$objdump" "$handler" "$work/image.elf" <<'END' || exit 1
import re, struct, subprocess, sys
image, objdump, handler, damaged = sys.argv[1:]
listing = subprocess.run([objdump, "-dC", "--no-show-raw-insn", image], check=True, capture_output=True, text=True).stdout
name, found = "", []
for line in listing.splitlines():
    if symbol := re.match(r"[0-9a-f]+ <(.*)>:$", line):
        name = symbol[1]
    elif re.search(rf"\btransom::hcall::(\(anonymous namespace\)::)?{handler}(<transom::hcall::FirstTable>)?\(", name) and "\ttlbie " in line:
        found.append(int(line.split(":")[0], 16))
assert len(found) == 1, f"{handler}: {len(found)} tlbie instructions, not 1"
data = bytearray(open(image, "rb").read())
headers, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
for i in range(count):
    kind, _, offset, address, _, bytes_in_file = struct.unpack_from("<IIQQQQ", data, headers + i * size)
    if kind == 1 and address <= found[0] < address + bytes_in_file:
        struct.pack_into("<I", data, offset + found[0] - address, 0x60000000)
        open(damaged, "wb").write(data)
        break
else:
    sys.exit(f"{handler}: its tlbie is in no segment")
END
    "$@" --image "$work/image.elf" --fuzz --seeds 1 --ops 5000 --json "$work/report.json" </dev/null
    status=$?
    [[ $status == 1 ]] || { echo "$handler without its invalidation: it ended with $status, not 1"; exit 1; }
    python3 - "$work/report.json" "$handler" <<'END' || exit 1
import json, sys
r = json.load(open(sys.argv[1]))
call = {"h_remove": "H_REMOVE", "h_protect": "H_PROTECT", "clear": "H_CLEAR_", "answer_specifier": "H_BULK_REMOVE"}[sys.argv[2]]
assert r["mismatches"] == 1, r
sequence = r["failures"][0]["sequence"]
assert 2 <= len(sequence) <= 10, sequence
# The call itself where an access is around it, else an access after it; or R and C that are not there at the end.
assert any(f" {call}" in pair["transom"] for pair in sequence), sequence
END
done
