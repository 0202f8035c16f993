#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keeps the documents honest: what they link to and which files they name is there, and docs/hcalls.md has each hypervisor
# call of the table with its token, its function set and the file of its handler, and a page.
# usage: check_docs.sh [TOP]
set -euo pipefail

cd "${1:-"$(dirname "${BASH_SOURCE[0]}")/../.."}"
shopt -s nullglob
documents=(README.md docs/*.md)
failures=0

complain() {
    printf '%s\n' "$1"
    failures=$((failures + 1))
}

# A path, a pattern, or a path without its ending: `boot/powernv/pci` stands for pci.cpp and pci.hpp.
there() {
    compgen -G "$1" >/dev/null || compgen -G "$1.*" >/dev/null
}

links=0 paths=0
for document in "${documents[@]}"; do
    while read -r target; do
        [[ $target != *://* && $target != '#'* && $target != mailto:* ]] || continue
        links=$((links + 1))
        [[ -e $(dirname "$document")/${target%%#*} ]] || complain "$document: links to $target, which is not there"
    done < <(grep -oP '\]\(\K[^)\s]+' "$document" || true)
    while read -r path; do
        paths=$((paths + 1))
        there "$path" || complain "$document: names $path, which is not there"
    done < <(grep -oP '`\K(src|include|arch|boot|tests|tools|docs)/[^`\s]*' "$document" | sort -u || true)
done

# Row{Op::enter, Set::pft, {4, 1}, h_enter, "H_ENTER"},  ->  enter pft h_enter H_ENTER
rows=0
while read -r op set handler name; do
    rows=$((rows + 1))
    token="$(grep -oP "^\s*$op = \K0x[0-9a-f]+" include/papr/opcode.hpp)"
    function_set="$(grep -oP "FunctionSetInfo\{FunctionSet::$set, \"\K[^\"]+" include/papr/function_set.hpp || printf -- '-')"
    file="$(grep -lE "^Outcome $handler\(" src/hcall/*.cpp)"
    line="| $name | $(printf '0x%02x' "$token") | $function_set | \`$file\` |"
    grep -qF "$line" docs/hcalls.md || complain "docs/hcalls.md: has no row that begins with: $line"
    [[ -e docs/hcalls/${name,,}.md ]] || complain "docs/hcalls/${name,,}.md is not there"
done < <(sed -nE 's/^ *Row\{Op::(\w+), Set::(\w+), \{[0-9], [0-9]\}, (one_at_a_time<)?(\w+)>?, "(H_\w+)"\},$/\1 \2 \4 \5/p' src/hcall/rows.hpp)
[[ $rows -eq $(grep -c '"H_' src/hcall/rows.hpp) ]] || complain "src/hcall/rows.hpp: rows that this script cannot read"

# Nothing found would mean that nothing was looked at.
[[ ${#documents[@]} -gt 5 && $links -gt 0 && $paths -gt 0 && $rows -gt 0 ]] || complain "there is nothing to look at"
[[ $failures -eq 0 ]] || exit 1
printf '%d documents: %d links, %d paths, %d hypervisor calls, all there\n' "${#documents[@]}" $links $paths $rows
