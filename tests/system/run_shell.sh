#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An interactive Linux shell under `transom run`: it answers, its clock goes on, poweroff ends everything cleanly.
# usage: run_shell.sh TRANSOM [MORE ARGUMENTS...]
set -euo pipefail

here="$(dirname "${BASH_SOURCE[0]}")"
. "$here/console.sh"

start_console "$@"
await 'transom# '
send 'echo $((6 * 7)) answers'
await '42 answers'
send 'ticker 20'
await 'tick 20 '
printf '\003' >&"$to" # job control: the terminal's interrupt key ends the ticker
await 'transom# '
send poweroff
end_console
check_ticks
check_kernel_messages
echo 'shell, ticker, poweroff: ok'
