#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keeps docs/requirements.md honest: each requirement has one row, what a row names is there, what is met has code and a test,
# and a test that has a requirement's name is in its row. Then the same with copies that are broken, of which each must be found.
# usage: check_requirements.sh [TOP]
set -euo pipefail

cd "${1:-"$(dirname "${BASH_SOURCE[0]}")/../.."}"
map=docs/requirements.md
list=tests/expected_tests.txt

ids=(R{1..92} R104 R116 R118 C{1..12} P{1..11} I{1..13} J{1..8})
declare -A required=()
for id in "${ids[@]}"; do
    required[$id]=1
done

# A test with parameters goes by its name without the last of them: unit.Formats/A.B/isa_3_0 by unit.Formats/A.B.
whole_name() {
    name="$1"
    [[ ${name##*/} == *.* ]] || name="${name%/*}"
}

# By requirement, the tests that have its name: unit.Formats/A.R16_What by R16.
declare -A tests=() named_after=()
while read -r line; do
    tests[$line]=1
    whole_name "$line"
    [[ -z ${tests[$name]:-} || $name == "$line" ]] || continue
    tests[$name]=1
    rest="$name"
    while [[ $rest =~ (^|[^A-Za-z0-9])([RCPIJ][0-9]+)_(.*)$ ]]; do
        rest="${BASH_REMATCH[3]}"
        named_after[${BASH_REMATCH[2]}]+=" $name"
    done
done <"$list"

# Requirements that a test, a model or a guest names otherwise, and those of which decisions.md says something.
declare -A named=() decided=()
while read -r id; do
    named[$id]=1
done < <(grep -rhoE --exclude-dir=docs --exclude=expected_tests.txt '\b[RCPIJ][0-9]+\b' tests | sort -u)
while read -r id; do
    decided[$id]=1
done < <(grep -oE '\b[RCPIJ][0-9]+\b' docs/decisions.md | sort -u)

# What stands in backticks in a cell, into the array `words`.
quoted() {
    local parts i
    IFS='`' read -ra parts <<<"$1"
    words=()
    for ((i = 1; i < ${#parts[@]}; i += 2)); do
        words+=("${parts[i]}")
    done
}

# Prints a line for each thing that is wrong with a map.
# usage: check FILE
check() {
    local id code proof state rest word name words
    local -A seen=()
    while IFS='|' read -r _ id _ code proof state rest; do
        id="${id// /}" state="${state# }"
        [[ -n ${required[$id]:-} ]] || printf '%s is no requirement\n' "$id"
        [[ -z ${seen[$id]:-} ]] || printf '%s is there twice\n' "$id"
        seen[$id]=1
        [[ -z $rest && -n $state ]] || printf '%s has not five columns\n' "$id"

        quoted "$code"
        for word in "${words[@]}"; do
            [[ -f $word ]] || printf '%s names the file %s, which is not there\n' "$id" "$word"
        done
        [[ $state != met* || ${#words[@]} -gt 0 ]] || printf '%s is met without code\n' "$id"

        quoted "$proof"
        local in_row=" "
        for word in "${words[@]}"; do
            [[ -n ${tests[$word]:-} ]] || printf '%s names the test %s, which is not in %s\n' "$id" "$word" "$list"
            whole_name "$word"
            in_row+="$word $name "
        done
        [[ $state != met* || ${#words[@]} -gt 0 ]] || printf '%s is met without a test\n' "$id"
        [[ $state != met* || -n ${named_after[$id]:-} || -n ${named[$id]:-} ]] || printf '%s is met and no test names it\n' "$id"
        [[ $state != part* || -n ${decided[$id]:-} ]] || printf '%s is met in part without a reason in docs/decisions.md\n' "$id"
        for word in ${named_after[$id]:-}; do
            [[ $in_row == *" $word "* ]] || printf '%s does not name the test %s, which has its name\n' "$id" "$word"
        done

        case "${state% }" in
        met | 'met; '* | 'part: '?* | 'not yet' | 'not yet: '?*) ;;
        'absent: '*'decisions.md'*) ;;
        absent*) printf '%s is absent without a decision\n' "$id" ;;
        *) printf '%s is in no known state: %s\n' "$id" "$state" ;;
        esac
    done < <(grep -E '^\| *[A-Z]+[0-9]+ *\|' "$1" || true)
    for id in "${ids[@]}"; do
        [[ -n ${seen[$id]:-} ]] || printf '%s is missing\n' "$id"
    done
}

complaints="$(check "$map")"
if [[ -n $complaints ]]; then
    printf '%s\n' "${complaints//$'\n'/$'\n'$map: }" | sed "1s,^,$map: ,"
    exit 1
fi

# Whether this script would notice (\x60 is a backtick). R1 is met, with code and tests of its name.
broken="$(mktemp)"
trap 'rm -f "$broken"' EXIT
failures=0
# usage: finds COMPLAINT SED-SCRIPT
finds() {
    sed -E "$2" "$map" >"$broken"
    if ! grep -qE "^$1" <<<"$(check "$broken")"; then
        printf 'a copy of %s with a defect passes: %s\n' "$map" "$1"
        failures=$((failures + 1))
    fi
}
finds 'R1 is missing' '/^\| R1 \|/d'
finds 'R1 is there twice' '/^\| R1 \|/p'
finds 'R999 is no requirement' 's/^\| R1 \|/| R999 |/'
finds 'R1 names the file nowhere/' '/^\| R1 \|/s,\x60(include|src)/,\x60nowhere/\1/,'
finds 'R1 names the test nowhere\.' '/^\| R1 \|/s/\x60(unit|model)\./\x60nowhere.\1./'
finds 'R1 does not name the test .*\.R1_' '/^\| R1 \|/s/\x60[^\x60]*\.R1_[^\x60]*\x60//'
finds 'R1 is met without code' 's/^(\| R1 \|[^|]*\|)[^|]*\|/\1 |/'
finds 'R1 is met without a test' 's/^(\| R1 \|[^|]*\|[^|]*\|)[^|]*\|/\1 |/'
finds 'R24 is met and no test names it' 's/^(\| R24 \|.*)\| absent[^|]*\|$/\1| met |/'
finds 'R79 is met in part without a reason' 's/^(\| R79 \|.*)\|[^|]*\|$/\1| part: something |/'
finds 'R1 is absent without a decision' '/^\| R1 \|/s/\| met[^|]*\|$/| absent: it is not wanted |/'
finds 'R1 is in no known state' '/^\| R1 \|/s/\| met[^|]*\|$/| part |/'
[[ $failures -eq 0 ]] || exit 1

count() { grep -cE "^\| *[A-Z]+[0-9]+ .*\| $1[^|]*\|$" "$map" || true; }
printf '%d requirements: %d met, %d in part, %d not yet, %d absent by a decision\n' ${#ids[@]} "$(count met)" "$(count part)" \
    "$(count 'not yet')" "$(count absent)"
