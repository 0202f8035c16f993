#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: report.sh 'PYTHON EXPRESSION over r and command' COMMAND...
# Runs COMMAND with --json FILE; passes if it ends with 0 and the expression holds for the report, r.
# What the consoles of `transom migrate` said stays in the directory $TRANSOM_CONSOLES, if that is set and the test does not pass.
set -euo pipefail

expression="$1"
shift
work="$(mktemp -d)"
kept=""
end() {
    local status=$?
    rm -rf "$work"
    [[ -n "$kept" ]] || return 0
    if [[ $status == 0 ]]; then
        rm -rf "$kept"
    else
        find "$kept" -type f -printf 'the consoles are kept: %p\n' | sort
    fi
}
trap end EXIT
if [[ "${2:-}" == migrate && -n "${TRANSOM_CONSOLES:-}" && " $* " != *" --consoles "* ]]; then
    kept="$TRANSOM_CONSOLES"
    rm -rf "$kept" # an earlier run's
    set -- "$@" --consoles "$kept"
fi
"$@" --json "$work/report.json" </dev/null
cat "$work/report.json"
python3 - "$expression" "$work/report.json" "$*" <<'END'
import json, sys
r = json.load(open(sys.argv[2]))
command = sys.argv[3]
if not eval(sys.argv[1]):
    sys.exit("does not hold for the report: " + sys.argv[1])
END
