#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: shares.sh TRANSOM [OPTION...]
# Partitions that work as fast as they are let share a processor: two whose entitlements and weights are 1:3 get 1:3, by PURR
# and by what they get done, and a capped one gets what it is entitled to and no more, in every part of a second.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/work.sh"

# shellcheck disable=SC2016
guest='memory-mib = <64>; kernel = "${TRANSOM_BUILD}/tests/guests/work.elf";'
start_machine "light { $guest entitled-capacity = <5>; capacity-weight = <64>; };
    heavy { $guest entitled-capacity = <15>; capacity-weight = <192>; };
    capped { $guest entitled-capacity = <30>; capped; };" "$@"
measure light heavy capped

# A fifth of a second, the time between two lines, holds twenty windows: what one of them leaves over, or owes, is little.
holds 'weights by PURR' "abs(${purr[heavy]} / ${purr[light]} - 3) < 0.02 * 3"
holds 'weights by work' "abs(${did[heavy]} / ${did[light]} - 3) < 0.05 * 3"
holds 'the cap is reached' "${purr[capped]} > 0.28"
holds 'the cap is kept' "${purr[capped]} <= 0.301 && ${most[capped]} <= 0.32"
