#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: report.sh 'PYTHON EXPRESSION over r and command' COMMAND...
# Runs COMMAND with --json FILE; passes if it ends with 0 and the expression holds for the report, r.
set -euo pipefail

expression="$1"
shift
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$@" --json "$work/report.json" </dev/null
cat "$work/report.json"
python3 - "$expression" "$work/report.json" "$*" <<'END'
import json, sys
r = json.load(open(sys.argv[2]))
command = sys.argv[3]
if not eval(sys.argv[1]):
    sys.exit("does not hold for the report: " + sys.argv[1])
END
