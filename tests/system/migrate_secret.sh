#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: migrate_secret.sh TRANSOM [OPTION...]
# Moves Linux and captures the link. What its kernel says of itself is in its memory, and so has crossed the link: in the
# capture it must be nowhere, and neither may the stream's own words. The same search finds both where they are in the clear.
set -euo pipefail

tool="$1"
shift
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

fail() {
    printf '%s\n' "$1"
    exit 1
}
times() { grep -aoF -- "$1" "$2" | wc -l || true; }

"$tool" migrate --guest linux --capture "$work/link.pcap" --consoles "$work" --json "$work/report.json" "$@" </dev/null

# The search can find: the banner, where the partition has said it, and in a capture that has it.
banner="$(grep -aoE 'Linux version [0-9][^ ]*' "$work/A.console" | head -n 1)"
[[ -n $banner ]] || fail "the partition has not said which Linux it is"
head -c 5000000 "$work/link.pcap" >"$work/with_banner.pcap"
printf 'TRNS%s' "$banner" >>"$work/with_banner.pcap"
tail -c 5000000 "$work/link.pcap" >>"$work/with_banner.pcap"
[[ $(times "$banner" "$work/with_banner.pcap") -eq 1 ]] || fail "the search does not find what is there"

# All of the stream is in the capture: more than the source has sent.
sent="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["wire_bytes"])' "$work/report.json")"
captured="$(stat -c %s "$work/link.pcap")"
((sent > 10000000 && captured > sent)) || fail "$captured bytes were captured of $sent"

for secret in "$banner" 'Linux version ' 'initramfs' 'busybox' 'ticker'; do
    found="$(times "$secret" "$work/link.pcap")"
    [[ $found -eq 0 ]] || fail "'$secret' has crossed the link in the clear, $found times"
done
# Four bytes may come by chance, once in 4 GiB; each record would have them.
records="$(times 'TRNS' "$work/link.pcap")"
((records < 3)) || fail "records have crossed the link in the clear, $records times"
printf '%s bytes captured, nothing of the partition among them\n' "$captured"
