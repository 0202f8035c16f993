# SPDX-License-Identifier: Apache-2.0
# Messages, the cache directory and its stamps. Sourced; needs bash.

cache="${TRANSOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/transom}"
tool="${0##*/}"

say() { printf '%s: %s\n' "$tool" "$*"; }

# One line for what is wrong, further lines for what to do about it.
die() {
    printf '%s: error: %s\n' "$tool" "$1" >&2
    shift
    [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
    exit 1
}

# Runs a command up to four times: package mirrors are sometimes in the middle of a synchronisation.
# Its output is shown only when the last attempt fails.
retry() {
    local log delay
    log="$(mktemp "$cache/tmp/log.XXXXXX")"
    for delay in 2 5 15 ''; do
        if "$@" >"$log" 2>&1; then
            rm -f "$log"
            return 0
        fi
        [[ -z $delay ]] || sleep "$delay"
    done
    tail -n 20 "$log" >&2
    rm -f "$log"
    return 1
}

# A step is done when its stamp holds its key and its product is there.
# usage: is_done STEP KEY PRODUCT...
is_done() {
    local stamp="$cache/stamps/$1" key="$2" product
    shift 2
    [[ -f $stamp && $(<"$stamp") == "$key" ]] || return 1
    for product; do
        [[ -e $product ]] || return 1
    done
}

# usage: mark_done STEP KEY
mark_done() { printf '%s\n' "$2" >"$cache/stamps/$1"; }

# An empty directory inside the cache for one step's work; it goes when the script ends.
# usage: work_dir NAME
work_dir() {
    rm -rf "${cache:?}/tmp/$1"
    mkdir -p "$cache/tmp/$1"
    printf '%s\n' "$cache/tmp/$1"
}

# Puts a finished file or directory in its place in one rename, so that nobody sees half of it.
# usage: install_into_cache FROM TO
install_into_cache() {
    mkdir -p "$(dirname "$2")"
    [[ ! -d $2 ]] || rm -rf "$2"
    mv -fT "$1" "$2"
}

# Makes the cache and holds its lock until the script ends: two worktrees may share a cache.
open_cache() {
    mkdir -p "$cache/stamps" "$cache/tmp" || die "cannot write to the cache $cache" "Set TRANSOM_CACHE to a writable directory."
    exec 9>"$cache/.lock"
    if ! flock -n 9; then
        say "waiting for another set-up that uses $cache"
        flock 9
    fi
    trap 'rm -rf "${cache:?}/tmp"' EXIT
    mkdir -p "$cache/tmp"
}
