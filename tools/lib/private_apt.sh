# SPDX-License-Identifier: Apache-2.0
# A private apt state: the system's own Debian sources with source packages and another architecture added, in
# directories of ours. The system's lists, cache, architectures and packages stay as they are; apt verifies as ever.

codename="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")"

# The system's sources as one-line entries and deb822 paragraphs, reduced to this release's own suites.
# usage: derive_sources DIRECTORY [EXTRA_SUITE]
derive_sources() {
    local dir="$1" extra="${2:-}" file
    mkdir -p "$dir"
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] || continue
        awk -v codename="$codename" -v extra="$extra" -f "$lib/deb822_sources.awk" "$file" >"$dir/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -f $file ]] || continue
        awk -v codename="$codename" -v extra="$extra" -f "$lib/one_line_sources.awk" "$file" >"$dir/${file##*/}.list"
    done
    find "$dir" -size 0 -delete
    [[ -n $(ls "$dir") ]] || die "no package source for Debian '$codename' under /etc/apt" \
        "Transom's set-up derives its downloads from the system's own sources: add the release's main archive to them."
}

# Chooses the private state that the functions below use; fetches its lists if there are none from today.
# usage: use_private_apt NAME ARCHITECTURES [EXTRA_SUITE]
use_private_apt() {
    local name="$1" architectures="$2" root="$cache/apt/$1" architecture
    apt_conf="$root/apt.conf"
    mkdir -p "$root/lists/partial" "$root/archives/partial"
    rm -rf "$root/sources.list.d"
    derive_sources "$root/sources.list.d" "${3:-}"
    {
        printf 'Dir::Etc::sourcelist "/dev/null";\nDir::Etc::sourceparts "%s/sources.list.d";\n' "$root"
        printf 'Dir::State::lists "%s/lists";\nDir::Cache "%s";\nDir::Cache::archives "%s/archives";\n' "$root" "$root" "$root"
        printf '#clear APT::Architectures;\n'
        for architecture in $architectures; do printf 'APT::Architectures { "%s"; };\n' "$architecture"; done
        # The system's hooks clean its own caches: none of our business. The private directories are the user's own,
        # so the downloads cannot be given to the sandbox user.
        printf '#clear APT::Update;\n#clear DPkg::Post-Invoke;\nAPT::Sandbox::User "root";\n'
        printf 'APT::Update::Error-Mode "any";\nAcquire::Languages "none";\nAcquire::Retries "3";\n'
        printf '#clear Acquire::IndexTargets::deb::DEP-11;\n#clear Acquire::IndexTargets::deb::CNF;\n'
    } >"$apt_conf"
    [[ -n $(find "$root/lists.stamp" -mtime -1 2>/dev/null) ]] || refresh_private_apt "$name"
}

declare -A refreshed=()

# Fetches a private state's package lists, once in a run. A suite that cannot be had right now (a mirror in the middle
# of a synchronisation) is left out with a warning: what is wanted may well be in the others.
# usage: refresh_private_apt NAME
refresh_private_apt() {
    local root="$cache/apt/$1" log="$cache/tmp/update.log"
    [[ -z ${refreshed[$1]:-} ]] || return 0
    refreshed[$1]=yes
    say "package lists ($1): fetching"
    rm -f "$root/lists.stamp"
    if retry apt-get -c "$apt_conf" update 2>"$log"; then
        : >"$root/lists.stamp"
    else
        say "warning: some package lists could not be fetched; going on without them:"
        sed -n 's/^E: Failed to fetch [^ ]*\/dists\//  /p' "$log"
    fi
}

# Downloads binary packages by name into the current directory, with one new look at the lists if they were too old.
# usage: download_packages STATE PACKAGE...
download_packages() {
    local state="$1"
    shift
    retry apt-get -c "$apt_conf" download "$@" && return
    refresh_private_apt "$state"
    retry apt-get -c "$apt_conf" download "$@" || die "these Debian packages could not be downloaded: $*" \
        "Look at the messages above; a mirror that is being synchronised is well again after a while."
}

# Unpacks a source package by name into ./SOURCE-VERSION.
# usage: download_source STATE SOURCE
download_source() {
    retry apt-get -c "$apt_conf" source "$2" && return
    refresh_private_apt "$1"
    retry apt-get -c "$apt_conf" source "$2" || die "the Debian source package $2 could not be downloaded" \
        "Look at the messages above; a mirror that is being synchronised is well again after a while."
}

# usage: unpack PACKAGE_FILE DIRECTORY [MEMBER...]
unpack() {
    local package="$1" dir="$2"
    shift 2
    mkdir -p "$dir"
    dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner -C "$dir" "$@"
}
