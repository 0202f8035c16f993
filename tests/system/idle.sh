#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: idle.sh TRANSOM [OPTION...]
# A machine with nothing to do: its boot processor sleeps, and is woken by its network card when an operator asks something. Counts
# by the machine's own clock: how fast the host is does not matter.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
pid=''
trap 'if [[ -n "$pid" ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

cat >"$work/empty.dts" <<END
/dts-v1/;
/ { compatible = "transom,manifest-1"; };
END
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
mkfifo "$work/keys"
"$tool" run --manifest "$work/empty.dts" --management-port "$port" "$@" <"$work/keys" >"$work/output" 2>&1 &
pid=$!
exec 3>"$work/keys"

give_up() {
    cat "$work/output"
    echo "$1"
    exit 1
}

for ((i = 0; i < 600; i++)); do
    grep -aq 'net: management' "$work/output" && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
python3 - "$port" <<'END' || give_up 'an idle machine does not do what it should, see above'
import socket, sys, time

def ask(verb):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60) as connection:
        connection.sendall(verb.encode() + b"\n")
        answer = connection.makefile().readline
        lines = []
        while not lines or lines[-1].startswith("+ "):
            lines.append(answer().rstrip("\n"))
    if not lines[-1].startswith("ok"):
        sys.exit("%s is answered by: %s" % (verb, lines[-1]))
    return lines

def report():
    return {name: int(value) for name, value in (line[2:].split("=") for line in ask("report")[:-1])}

frequency = int(ask("hello")[-1].split("timebase=")[1])
time.sleep(2)  # what the start has left to do
before = report()
time.sleep(5)
after = report()
seconds = (after["now_ticks"] - before["now_ticks"]) / frequency
sleeps = (after["sleeps"] - before["sleeps"]) / seconds
asleep = (after["idle_ticks"] - before["idle_ticks"]) / frequency / seconds
print("%.1f sleeps in a second, %.1f %% of the time" % (sleeps, 100 * asleep))
# The console is looked at 20 times in a second, the network's timers run once. Polling its card would take 1000 sleeps.
if not 0 < sleeps <= 60:
    sys.exit("that is not how an idle machine sleeps")
requests = 20
for _ in range(requests):
    ask("status")
    time.sleep(0.1)
last = report()
woken = last["wakes_by_interrupt"] - after["wakes_by_interrupt"]
print("%d requests: %d interrupts, %d sleeps ended by one" %
      (requests, last["device_interrupts"] - after["device_interrupts"], woken))
if woken < requests:
    sys.exit("the network card does not wake the machine")
ask("shutdown")
END
status=0
wait "$pid" || status=$?
pid=''
[[ $status -eq 0 ]] || give_up "the machine ended with $status"
