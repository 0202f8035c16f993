# SPDX-License-Identifier: Apache-2.0
# The Debian packages that the build, the tests and the demonstration need on this machine.

host_packages=(
    # build
    cmake ninja-build g++ pkg-config git
    g++-powerpc64le-linux-gnu gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross binutils-powerpc64le-linux-gnu
    # libraries of the host build; the kernel takes fmt and xxhash from here too, as headers
    libfdt-dev libfmt-dev libcli11-dev nlohmann-json3-dev libxxhash-dev
    # tests and style
    libgtest-dev libgmock-dev clang-format clang-tidy-19 device-tree-compiler python3
    # integer programming: the exact optimum that plans of partitions' places are compared with
    libglpk-dev
    # the model of the two page tables
    spin
    # libFuzzer and the sanitizers' runtime for it
    clang-19 libclang-rt-19-dev
    # machines
    qemu-system-ppc
    # charts of transom bench migrate
    gnuplot-nox
    # this set-up itself
    dpkg-dev xz-utils cpio
)

missing_host_packages() {
    local package
    for package in "${host_packages[@]}"; do
        grep -qxF "$package" <<<"$installed" || printf '%s\n' "$package"
    done
}

install_host_packages() {
    local installed missing
    # ${Package} without its architecture; "ii" is the state "installed and configured".
    installed="$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')"
    mapfile -t missing < <(missing_host_packages)
    if [[ ${#missing[@]} -eq 0 ]]; then
        say "Debian packages (${#host_packages[@]}) ok"
        return
    fi
    [[ $EUID -eq 0 ]] || die "these Debian packages are missing: ${missing[*]}" "Run as root:" \
        "apt-get update && apt-get install --no-install-recommends ${missing[*]}"

    say "Debian packages: installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # The lists may be absent (a fresh machine) or older than the archive; only then are they fetched.
    if ! apt-get install -y --no-install-recommends "${missing[@]}" >"$cache/tmp/apt.log" 2>&1; then
        retry apt-get update || die "apt-get update failed" "Look at the system's package sources and its network."
        retry apt-get install -y --no-install-recommends "${missing[@]}" ||
            die "apt-get could not install: ${missing[*]}" "Try it by hand: apt-get install ${missing[*]}"
    fi
    say "Debian packages (${#host_packages[@]}) ok"
}
