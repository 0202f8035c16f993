#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: hostile.sh TRANSOM [OPTION...]
# Six partitions do all they can to keep the processor: interrupts off, hypervisor calls, calls that wait or give way, areas registered
# and forgotten, reboots, faults and illegal instructions without end. A seventh gets as much as beside six that only work, and each of its
# turns at most a window late.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/work.sh"
seconds=12

# shellcheck disable=SC2016
guests='${TRANSOM_BUILD}/tests/guests'
victim="victim { memory-mib = <64>; kernel = \"$guests/work.elf\"; entitled-capacity = <60>; capacity-weight = <1>; };"
neighbour="memory-mib = <64>; capacity-weight = <255>;"

works="$neighbour kernel = \"$guests/work.elf\";"
start_machine "$victim one { $works }; two { $works }; three { $works }; four { $works }; five { $works }; six { $works };" "$@"
measure victim
beside_work="${purr[victim]}"
stop_machine

hostile="$neighbour kernel = \"$guests/hostile.elf\";"
start_machine "$victim calls { $hostile bootargs = \"calls\"; }; faults { $hostile bootargs = \"faults\"; };
    illegal { $hostile bootargs = \"illegal\"; }; waits { $hostile bootargs = \"waits\"; }; areas { $hostile bootargs = \"areas\"; };
    reboots { $hostile bootargs = \"reboots\"; };" "$@"
measure victim
[[ $(grep -aoE 'hostile: (calls|faults|illega|waits|areas|reboot)' "$work/output" | sort -u | wc -l) -eq 6 ]] || give_up 'not all six are hostile'
[[ $(grep -aoE 'hostile: reboot' "$work/output" | wc -l) -gt 3 ]] || give_up 'it hardly reboots'
! grep -aE 'Bail out|it is stopped' "$work/output" || give_up 'one of them has given up'
holds 'the entitlement' "${purr[victim]} > 0.9 * $beside_work"
# A turn in each window of 10 ms: a whole one late, and it waits from the beginning of one to the end of the next.
holds 'a window late at most' "${gap[victim]} <= 20"
