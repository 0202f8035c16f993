# SPDX-License-Identifier: Apache-2.0
# Runs a machine with partitions of the `work` guest among others, and measures what they get. Sourced; needs bash with
# set -euo pipefail.

seconds=20
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
declare -A purr did most gap

give_up() {
    tail -n 20 "$work/output"
    echo "$1"
    exit 1
}

# usage: start_machine MANIFEST_PARTITIONS TRANSOM [OPTION...]
start_machine() {
    printf '/dts-v1/; / { compatible = "transom,manifest-1"; partitions { %s }; };\n' "$1" >"$work/manifest.dts"
    : >"$work/output"
    tool="$2"
    "$tool" run --manifest "$work/manifest.dts" "${@:3}" </dev/null >"$work/output" 2>&1 &
    pid=$!
    local i
    for ((i = 0; i < 300; i++)); do
        port="$(sed -nE 's/.*management on 127\.0\.0\.1:([0-9]+).*/\1/p' "$work/output")"
        [[ -n $port ]] && grep -aq 'work: done' "$work/output" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    give_up 'no partition works'
}

stop_machine() {
    kill "$pid"
    wait "$pid" || true
    pid=''
}

# Of each partition, into purr, did, most and gap: the part of the time that PURR had, the work done in a tick of the time base, the
# largest part of the time that PURR had between two of its lines, and the median over the lines of the longest time in ms that it
# was kept from its work.
# usage: measure NAME...
measure() {
    local name readers=() line
    for name in "$@"; do
        timeout "$seconds" "$tool" console "$name" --scrollback no --management "127.0.0.1:$port" </dev/null \
            >"$work/$name" 2>"$work/$name.errors" || true &
        readers+=("$!")
    done
    wait "${readers[@]}"
    for name in "$@"; do
        # The first lines may be cut, or have waited for us.
        line="$(tr -d '\r' <"$work/$name" | sed -nE 's/^work: done=([0-9]+) purr=([0-9]+) tb=([0-9]+) gap=([0-9]+)$/\1 \2 \3 \4/p' |
            awk 'NR == 3 { done = $1; purr = $2; tb = $3 }
                 NR > 3 { part = ($2 - last_purr) / ($3 - last_tb); if (part > most) most = part }
                 { last_done = $1; last_purr = $2; last_tb = $3; gaps[NR] = $4 }
                 END { if (NR < 20) exit 1
                       for (i = 2; i <= NR; i++) for (j = i; j > 1 && gaps[j - 1] > gaps[j]; j--) { g = gaps[j]; gaps[j] = gaps[j - 1]; gaps[j - 1] = g }
                       print (last_purr - purr) / (last_tb - tb), (last_done - done) / (last_tb - tb), most, gaps[int((NR + 1) / 2)] / 512000 }')" ||
            give_up "$name did not tell enough"
        read -r purr[$name] did[$name] most[$name] gap[$name] <<<"$line"
        echo "$name: PURR ${purr[$name]} of the time (at most ${most[$name]}), work ${did[$name]} per tick, kept from it for ${gap[$name]} ms"
    done
}

# usage: holds WHAT EXPRESSION (of awk)
holds() {
    awk "function abs(x) { return x < 0 ? -x : x } BEGIN { exit !($2) }" || give_up "does not hold: $1: $2"
}
