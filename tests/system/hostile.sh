#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: hostile.sh TRANSOM [OPTION...]
# Three partitions do all they can to keep the processor: interrupts off, hypervisor calls, faults and illegal instructions without
# end. A fourth gets as much as beside three that only work.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/work.sh"
seconds=12

# shellcheck disable=SC2016
guests='${TRANSOM_BUILD}/tests/guests'
victim="victim { memory-mib = <64>; kernel = \"$guests/work.elf\"; entitled-capacity = <60>; capacity-weight = <1>; };"
neighbour="memory-mib = <64>; capacity-weight = <255>;"

works="$neighbour kernel = \"$guests/work.elf\";"
start_machine "$victim one { $works }; two { $works }; three { $works };" "$@"
measure victim
beside_work="${purr[victim]}"
stop_machine

hostile="$neighbour kernel = \"$guests/hostile.elf\";"
start_machine "$victim calls { $hostile bootargs = \"calls\"; }; faults { $hostile bootargs = \"faults\"; };
    illegal { $hostile bootargs = \"illegal\"; };" "$@"
measure victim
[[ $(grep -aoE 'hostile: (calls|faults|illega)' "$work/output" | wc -l) -eq 3 ]] || give_up 'not all three are hostile'
! grep -aE 'Bail out|it is stopped' "$work/output" || give_up 'one of them has given up'
holds 'the entitlement' "${purr[victim]} > 0.9 * $beside_work"
