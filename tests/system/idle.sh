#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: idle.sh TRANSOM [OPTION...]
# A machine with nothing to do: its boot processor sleeps, and is woken by its network card when an operator asks something. A machine
# with a partition that never rests: the card ends the partition's turn. Counts by the machine's own clock: how fast the host is does
# not matter.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

give_up() {
    cat "$work/output"
    echo "$1"
    exit 1
}

cat >"$work/idle.dts" <<END
/dts-v1/;
/ { compatible = "transom,manifest-1"; };
END
cat >"$work/busy.dts" <<END
/dts-v1/;
/ {
    compatible = "transom,manifest-1";
    partitions { spin { memory-mib = <64>; kernel = "\${TRANSOM_BUILD}/tests/guests/spin.elf"; }; };
};
END

# usage: check KIND LINE OPTION...: starts that machine, and asks it once it has said LINE
check() {
    local kind="$1" line="$2" port status=0 i
    shift 2
    port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
    mkfifo "$work/$kind.keys"
    "$tool" run --manifest "$work/$kind.dts" --management-port "$port" "$@" <"$work/$kind.keys" >"$work/output" 2>&1 &
    pid=$!
    exec 3>"$work/$kind.keys"
    for ((i = 0; i < 600; i++)); do
        grep -aq "$line" "$work/output" && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    python3 "$work/ask.py" "$tool" "$port" "$kind" || give_up "the $kind machine does not do what it should, see above"
    wait "$pid" || status=$?
    pid=''
    [[ $status -eq 0 ]] || give_up "the $kind machine ended with $status"
}

cat >"$work/ask.py" <<'END'
import subprocess, sys, time

tool, port, kind = sys.argv[1:4]

def ask(verb):
    said = subprocess.run([tool, "request", verb, "--management", "127.0.0.1:" + port], capture_output=True, text=True, timeout=60)
    if said.returncode != 0:
        sys.exit("%s is answered by: %s" % (verb, said.stdout + said.stderr))
    return said.stdout.splitlines()

def report():
    return {name: int(value) for name, value in (line[2:].split("=") for line in ask("report")[:-1])}

frequency = int(ask("hello")[-1].split("timebase=")[1])
time.sleep(2)  # what the start has left to do
if kind == "idle":
    before = report()
    time.sleep(5)
    after = report()
    seconds = (after["now_ticks"] - before["now_ticks"]) / frequency
    sleeps = (after["sleeps"] - before["sleeps"]) / seconds
    print("%.1f sleeps in a second" % sleeps)
    # The console is looked at 20 times in a second, the network's timers run once. Polling its card would take 1000 sleeps.
    if not 0 < sleeps <= 60:
        sys.exit("that is not how an idle machine sleeps")
requests = 20
before = report()
for _ in range(requests):
    ask("status")
    time.sleep(0.1)
after = report()
interrupts = after["device_interrupts"] - before["device_interrupts"]
woken = after["wakes_by_interrupt"] - before["wakes_by_interrupt"]
print("%s: %d requests, %d interrupts, %d sleeps ended by one" % (kind, requests, interrupts, woken))
if interrupts < requests / 2 or (kind == "idle" and woken < requests / 2):
    sys.exit("the network card does not interrupt the machine")
if kind == "busy" and after["sleeps"] - before["sleeps"] > requests:
    sys.exit("a machine with something to do sleeps")
ask("shutdown")
END

check idle 'net: management' "$@"
check busy 'partition spin: first instruction' "$@"
