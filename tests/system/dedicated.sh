#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: dedicated.sh TRANSOM [OPTION...]
# A partition with a processor of its own has all of it, however busy the others are. While it waits others have it where the manifest
# and the partition itself say so, and nobody where one of them does not.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/work.sh"

seconds=8
# shellcheck disable=SC2016
guest='memory-mib = <64>; kernel = "${TRANSOM_BUILD}/tests/guests/work.elf";'
others="a { $guest }; b { $guest };"

start_machine "own { $guest dedicated-processors; }; $others" "$@" --processors 2
measure own a b
holds 'all of its own' "${purr[own]} > 0.95"
holds 'the others have the other one' "${purr[a]} + ${purr[b]} < 1.01"
stop_machine

start_machine "own { $guest dedicated-processors; donate-idle; bootargs = \"lends\"; }; $others" "$@" --processors 2
measure own a b
grep -aE 'work: lent=' "$work/own" | tail -n 1
holds 'what it waits is for the others' "${purr[own]} < 0.1 && ${purr[a]} + ${purr[b]} > 1.5"
holds 'it knows' "$(tr -d '\r' <"$work/own" | sed -nE 's/^work: lent=([0-9]+)$/\1/p' | tail -n 1) > 0"
stop_machine

start_machine "own { $guest dedicated-processors; donate-idle; bootargs = \"waits\"; }; $others" "$@" --processors 2
measure own a b
holds 'what it does not lend stays unused' "${purr[own]} < 0.1 && ${purr[a]} + ${purr[b]} < 1.01"
grep -aq 'work: lent=0' "$work/own" || give_up 'it said nothing about its processor'
! grep -aE 'work: lent=[1-9]' "$work/own" || give_up 'it was told that others had its processor'
