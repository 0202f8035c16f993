# SPDX-License-Identifier: Apache-2.0
# What the build and the demonstration take from Debian beyond installed packages: the sources of lwIP and
# BearSSL, libfdt for ppc64el, and a Linux kernel with a busybox to run as a partition, and with KVM to compare with.

get_lwip() {
    local key='recipe 1' work source
    if ! is_done lwip "$key" "$cache/lwip/src/include/lwip/init.h" "$cache/lwip/debian-version"; then
        work="$(work_dir lwip)"
        use_private_apt release "$private_architectures"
        (cd "$work" && download_source release lwip)
        source="$(echo "$work"/lwip-*/)"
        dpkg-parsechangelog -l "$source/debian/changelog" -S Version >"$source/debian-version"
        install_into_cache "$source" "$cache/lwip"
        mark_done lwip "$key"
    fi
    say "lwip $(<"$cache/lwip/debian-version") ok"
}

get_bearssl() {
    local key='recipe 1' work source
    if ! is_done bearssl "$key" "$cache/bearssl/inc/bearssl.h" "$cache/bearssl/debian-version"; then
        work="$(work_dir bearssl)"
        use_private_apt release "$private_architectures"
        (cd "$work" && download_source release bearssl)
        source="$(echo "$work"/bearssl-*/)"
        dpkg-parsechangelog -l "$source/debian/changelog" -S Version >"$source/debian-version"
        install_into_cache "$source" "$cache/bearssl"
        mark_done bearssl "$key"
    fi
    say "bearssl $(<"$cache/bearssl/debian-version") ok"
}

get_lz4() {
    local key='recipe 1' work source
    if ! is_done lz4 "$key" "$cache/lz4/lz4.c" "$cache/lz4/lz4.h" "$cache/lz4/debian-version"; then
        work="$(work_dir lz4)"
        use_private_apt release "$private_architectures"
        (cd "$work" && download_source release lz4)
        source="$(echo "$work"/lz4-*/)"
        mkdir "$work/product" # of its library the block format alone: beside it lies an xxhash.h that is not ours
        cp "$source"/lib/{lz4.c,lz4.h,LICENSE} "$work/product/"
        dpkg-parsechangelog -l "$source/debian/changelog" -S Version >"$work/product/debian-version"
        install_into_cache "$work/product" "$cache/lz4"
        mark_done lz4 "$key"
    fi
    say "lz4 $(<"$cache/lz4/debian-version") ok"
}

get_ppc64el_libfdt() {
    local key='recipe 1' work
    if ! is_done libfdt "$key" "$cache/ppc64el/libfdt.a" "$cache/ppc64el/include/libfdt.h"; then
        work="$(work_dir libfdt)"
        use_private_apt release "$private_architectures"
        (cd "$work" && download_packages release libfdt-dev:ppc64el)
        unpack "$work"/libfdt-dev_*.deb "$work/root"
        mkdir -p "$work/product/include"
        cp "$work"/root/usr/include/{fdt,libfdt,libfdt_env}.h "$work/product/include/"
        cp "$work/root/usr/lib/powerpc64le-linux-gnu/libfdt.a" "$work/product/"
        dpkg-deb -f "$work"/libfdt-dev_*.deb Version >"$work/product/version"
        install_into_cache "$work/product" "$cache/ppc64el"
        mark_done libfdt "$key"
    fi
    say "libfdt $(<"$cache/ppc64el/version") for ppc64el ok"
}

get_linux() {
    local key='recipe 2' work package
    if ! is_done linux "$key" "$cache/linux/vmlinux" "$cache/linux/version" "$cache/linux/modules/kvm-hv.ko"; then
        work="$(work_dir linux)"
        use_private_apt release "$private_architectures"
        # linux-image-powerpc64le is a name for whichever kernel is current: it depends on the real package.
        package="$(apt-cache -c "$apt_conf" depends linux-image-powerpc64le:ppc64el |
            sed -n 's/.*Depends: \(linux-image-[^ :]*\).*/\1/p' | head -n 1)"
        [[ -n $package ]] || die "no kernel package behind linux-image-powerpc64le in the package lists" \
            "Remove $cache/apt and try again."
        say "linux: downloading $package"
        (cd "$work" && download_packages release "$package:ppc64el")
        unpack "$work"/linux-image-*.deb "$work/root" --wildcards './boot/vmlinux-*' '*/kvm.ko' '*/kvm-hv.ko'
        mkdir "$work/modules"
        find "$work/root" \( -name kvm.ko -o -name kvm-hv.ko \) -exec cp -t "$work/modules" {} +
        [[ -f $work/modules/kvm.ko && -f $work/modules/kvm-hv.ko ]] || die "$package has no kvm.ko or no kvm-hv.ko" \
            "The benchmark's peer (docs/bench.md) is KVM of that kernel: this version of Transom does not know where it is."
        printf '%s %s\n' "${package#linux-image-}" "$(dpkg-deb -f "$work"/linux-image-*.deb Version)" >"$work/version"
        install_into_cache "$(echo "$work"/root/boot/vmlinux-*)" "$cache/linux/vmlinux"
        install_into_cache "$work/modules" "$cache/linux/modules"
        install_into_cache "$work/version" "$cache/linux/version"
        mark_done linux "$key"
    fi
    say "linux $(<"$cache/linux/version") ok"
}

get_busybox() {
    local key='recipe 1' work
    if ! is_done busybox "$key" "$cache/linux/busybox" "$cache/linux/busybox.version"; then
        work="$(work_dir busybox)"
        use_private_apt release "$private_architectures"
        (cd "$work" && download_packages release busybox-static:ppc64el)
        unpack "$work"/busybox-static_*.deb "$work/root" ./bin/busybox
        dpkg-deb -f "$work"/busybox-static_*.deb Version >"$work/version"
        install_into_cache "$work/root/bin/busybox" "$cache/linux/busybox"
        install_into_cache "$work/version" "$cache/linux/busybox.version"
        mark_done busybox "$key"
    fi
    say "busybox $(<"$cache/linux/busybox.version") for ppc64el ok"
}
