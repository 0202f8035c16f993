#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every interrupt that can reach the hypervisor finds a stub that knows its number: a processor raises some that no
# emulated machine does. Looks into the image for the stub of each.
# usage: vectors.sh KERNEL.elf
set -euo pipefail

file="$1"
prefix=powerpc64le-linux-gnu-
begin="$("${prefix}nm" "$file" | awk '$3 == "vectors_template" { print $1 }')"
[[ -n $begin ]] || { echo "$file: no vectors; build it first (cmake --preset power && cmake --build --preset power)"; exit 1; }
begin=$((16#$begin))
stubs="$("${prefix}objdump" -D -M power8 --start-address=$begin --stop-address=$((begin + 0x1f00)) "$file" |
    sed -nE 's/^ *([0-9a-f]+):.*li +r12,([0-9]+)$/\1 \2/p')"

declare -A number=()
while read -r address value; do
    number[$((16#$address - 12 - begin + 0x100))]=$value
done <<<"$stubs"

# Power ISA 3.1 Book III 7.5, 2.07B Book III-S 6.5: 0x80 or 0x100 apart at first; everything 0x20 apart from 0xe00 on.
expected=(0x100 0x200 0x300 0x380 0x400 0x480 0x500 0x600 0x700 0x800 0x900 0x980 0xa00 0xb00 0xc00 0xd00)
for ((vector = 0xe00; vector < 0x2000; vector += 0x20)); do
    expected+=("$vector")
done
# Those that save to HSRR0 and HSRR1 are marked by bit 1.
by_hsrr=" $((0x980)) $((0xe00)) $((0xe20)) $((0xe40)) $((0xe60)) $((0xe80)) $((0xea0)) $((0xf80)) $((0x1500)) "
failures=0
for vector in "${expected[@]}"; do
    vector=$((vector))
    got="${number[$vector]:-none}"
    if [[ $got == none || $((got & ~2)) -ne $vector ]] || { [[ $by_hsrr == *" $vector "* ]] && [[ $((got & 2)) -eq 0 ]]; }; then
        printf '%s: the stub of vector 0x%x has the number %s\n' "$file" "$vector" "$got"
        failures=$((failures + 1))
    fi
done
# 0xc00 is overwritten with this one, which must fit and go where hypervisor calls go.
address() { printf '%d' "$((16#$("${prefix}nm" "$file" | awk -v name="$1" '$3 == name { print $1 }')))"; }
if (($(address hypercall_vector_end) - $(address hypercall_vector) > 0x100)) ||
    ! "${prefix}objdump" -D -M power8 --start-address="$(address hypercall_vector)" \
        --stop-address="$(address hypercall_vector_end)" "$file" | grep -qE "ba +$(printf '%x' "$(address hypercall_entry)") "; then
    printf '%s: the stub of hypervisor calls does not fit, or does not go to hypercall_entry\n' "$file"
    failures=$((failures + 1))
fi
[[ $failures -eq 0 ]] && printf '%s: %d vectors have their stubs\n' "$file" "${#expected[@]}"
