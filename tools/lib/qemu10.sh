# SPDX-License-Identifier: Apache-2.0
# QEMU 10 from Debian's backports, unpacked beside the system's own QEMU, which it never replaces.

get_qemu10() {
    local key='recipe 1' root="$cache/qemu10" work package
    local -a packages
    if ! is_done qemu10 "$key" "$root/qemu-system-ppc64" || ! "$root/qemu-system-ppc64" --version >/dev/null 2>&1; then
        work="$(work_dir qemu10)"
        use_private_apt backports "$(dpkg --print-architecture)" "$codename-backports"
        # What apt would install or upgrade here to have that QEMU is just what has to lie beside it.
        mapfile -t packages < <(apt-get -c "$apt_conf" install --simulate --reinstall --no-install-recommends \
            -t "$codename-backports" qemu-system-ppc qemu-system-common qemu-system-data 2>"$work/apt.log" |
            sed -nE 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*/\1=\3/p')
        [[ " ${packages[*]}" == *" qemu-system-ppc="* ]] || die "apt finds no QEMU in $codename-backports" "$(tail -n 3 "$work/apt.log")"
        say "qemu10: downloading ${#packages[@]} packages"
        (cd "$work" && download_packages backports "${packages[@]}")
        mkdir "$work/product"
        for package in "$work"/*.deb; do unpack "$package" "$work/product"; done
        rm -rf "$work"/product/usr/share/{doc,man,locale,lintian}
        write_qemu10_wrapper "$work/product/qemu-system-ppc64"
        install_into_cache "$work/product" "$root"
        "$root/qemu-system-ppc64" --version >/dev/null || die "QEMU 10 was unpacked to $root but does not start" \
            "Remove $root and run tools/setup --qemu10 again."
        mark_done qemu10 "$key"
    fi
    say "qemu10 $("$root/qemu-system-ppc64" --version | sed -n 's/^QEMU emulator version //p') ok"
}

# It finds its own place, so the cache may be moved.
# usage: write_qemu10_wrapper FILE
write_qemu10_wrapper() {
    local triplet
    triplet="$(dpkg-architecture -qDEB_HOST_MULTIARCH)"
    cat >"$1" <<END
#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
here="\$(dirname "\$(readlink -f "\$0")")"
export LD_LIBRARY_PATH="\$here/usr/lib/$triplet:\$here/lib/$triplet\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
export QEMU_MODULE_DIR="\$here/usr/lib/$triplet/qemu"
exec "\$here/usr/bin/qemu-system-ppc64" -L "\$here/usr/share/qemu" -L "\$here/usr/share/seabios" -L "\$here/usr/lib/ipxe/qemu" "\$@"
END
    chmod 755 "$1"
}
