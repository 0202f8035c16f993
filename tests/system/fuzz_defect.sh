#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: fuzz_defect.sh TOOL conform [OPTION...]
# A wrong answer on purpose in seed 2: `transom conform --fuzz` must end with 1 and print the few operations that make it.
set -uo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$@" --fuzz --seeds 2 --ops 3000 --test-defect 2 2000 --json "$work/report.json" </dev/null
status=$?
[[ $status == 1 ]] || { echo "it ended with $status, not 1"; exit 1; }
python3 - "$work/report.json" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
assert r["mismatches"] == 1 and [f["seed"] for f in r["failures"]] == [2], r
sequence = r["failures"][0]["sequence"]
# The operation that arms the defect, the H_ENTER of an entry and its H_REMOVE; up to seven others that fill its group first.
assert 2 <= len(sequence) <= 10, sequence
numbers = [int(pair["transom"].split()[0]) for pair in sequence]
assert numbers == sorted(numbers) and 2000 in numbers, numbers
wrong = [pair for pair in sequence if pair["transom"] != pair["pseries"]]
assert len(wrong) == 1 and wrong[0] == sequence[-1] and " H_REMOVE " in wrong[0]["transom"], sequence
END
