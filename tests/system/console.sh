# SPDX-License-Identifier: Apache-2.0
# Talks to the console of a program that is started here. Sourced; needs bash with set -euo pipefail.

transcript=''

# usage: start_console COMMAND...
start_console() {
    coproc console { exec "$@" 2>&1; }
    pid="$console_PID"
    exec {from}<&"${console[0]}" {to}>&"${console[1]}"
    trap 'kill "$pid" 2>/dev/null || true' EXIT
}

give_up() {
    printf '%s\n' "$transcript" | tail -n 40
    echo "--- $1"
    exit 1
}

# Reads until the console shows TEXT after what was read before; two minutes of silence are too long.
# usage: await TEXT
await() {
    local text="$1" seen='' chunk
    while [[ $seen != *"$text"* ]]; do
        chunk=''
        if ! IFS= read -r -t 120 -d '' -n 1 -u "$from" chunk && [[ -z $chunk ]]; then
            transcript+="$seen"
            give_up "the console ended or fell silent before: $text"
        fi
        seen+="$chunk"
    done
    transcript+="$seen"
}

# usage: send LINE
send() { printf '%s\n' "$1" >&"$to"; }

# The program must end by itself, with success.
end_console() {
    local rest status=0
    rest="$(timeout 120 cat <&"$from" | tr -d '\0')" || give_up "the console does not end"
    transcript+="$rest"
    wait "$pid" || status=$?
    [[ $status -eq 0 ]] || give_up "it ended with $status"
}

# The ticker's lines count from 1 by one.
check_ticks() {
    local numbers
    numbers="$(sed -nE 's/^tick ([0-9]+) [0-9]+ [0-9]+\r?$/\1/p' <<<"$transcript")"
    diff <(seq 1 "$(tail -n 1 <<<"$numbers")") <(printf '%s\n' "$numbers") || give_up 'the ticks are not 1, 2, 3...'
}

check_kernel_messages() {
    ! grep -aE "can't access tty|Kernel panic|Call Trace|unable to open an initial console|BUG:|Oops" <<<"$transcript" ||
        give_up 'the kernel complains'
}
