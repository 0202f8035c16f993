#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The core, the machine code and the test guests are built without exceptions and run-time type information. This looks
# into what came out: no unwind tables in what runs on the machine, no type info, nothing that throws.
# usage: no_exceptions.sh image FILE.elf... | library FILE.a...
set -euo pipefail

kind="$1"
shift
prefix=powerpc64le-linux-gnu-
[[ $kind == image ]] || prefix=
failures=0

complain() {
    printf '%s: %s\n' "$1" "$2"
    failures=$((failures + 1))
}

for file; do
    if [[ ! -f $file ]]; then
        complain "$file" "is missing; build it first (cmake --preset power && cmake --build --preset power)"
        continue
    fi
    symbols="$("${prefix}nm" "$file" 2>/dev/null)"
    # Without symbols nothing below could be found: that is a failure, not a pass.
    [[ -n $symbols ]] || complain "$file" "has no symbols to look at"

    # _ZTI, _ZTS: type info and its names. __cxa_throw and kin, the personality routine, the unwinder: throwing, catching.
    forbidden="$(grep -oE ' (_ZT[IS][A-Za-z0-9_]+|__cxa_(throw|rethrow|begin_catch|allocate_exception)|__gxx_personality_v0|_Unwind_[A-Za-z]+)$' \
        <<<"$symbols" | sort -u | head -n 10 || true)"
    [[ -z $forbidden ]] || complain "$file" "refers to exceptions or type info:"$'\n'"$forbidden"

    tables='\.gcc_except_table'
    # Unwind tables on the host serve the debugger and the sanitizers; on the machine nobody reads them.
    [[ $kind != image ]] || tables="$tables|\\.eh_frame"
    found="$("${prefix}readelf" --wide --section-headers "$file" | grep -oE " ($tables)[^ ]*" | sort -u || true)"
    [[ -z $found ]] || complain "$file" "has unwind tables:"$'\n'"$found"
done
[[ $failures -eq 0 ]] && printf '%s: no unwind tables, no type info, nothing that throws\n' "$@"
