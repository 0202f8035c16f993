#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: migrate_interrupted.sh TRANSOM [OPTION...]
# A series of moves is interrupted by Ctrl-C when one is over: its report has what was done, and says why there is no more.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
"$tool" migrate --guest spin --rounds 50 --json "$work/report" "$@" </dev/null &
command=$!
trap 'kill "$command" 2>/dev/null || true; rm -rf "$work"' EXIT

moves() { python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["moves"]))' "$work/report" 2>/dev/null || echo 0; }
while [ "$(moves)" -eq 0 ]; do
    kill -0 "$command" || { echo "it ended before it had moved anything" >&2; exit 1; }
    sleep 0.5
done
kill -INT "$command"
status=0
wait "$command" || status=$?
cat "$work/report"
[ "$status" -eq 130 ] || { echo "it ended with $status" >&2; exit 1; }
python3 - "$work/report" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
if not (r["result"] == "interrupted" and r["error"] == "interrupted" and 1 <= len(r["moves"]) < 50
        and all(m["memory_digest_match"] and m["each_pass"] for m in r["moves"] if m["mode"] == "hybrid")):
    sys.exit("the report does not say so")
END
