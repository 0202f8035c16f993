# SPDX-License-Identifier: Apache-2.0
# The root file system of the Linux partition: busybox, an init, and programs of ours. The same inputs give the same bytes.

cross_gcc=powerpc64le-linux-gnu-gcc

make_initramfs() {
    local source="$top/tests/guests/linux" key work root program
    key="recipe 2 $("$cross_gcc" -dumpfullversion) $(cat "$lib/initramfs.sh" "$source"/{init,profile,ticker.c,affinity.c} "$cache/linux/busybox" | sha256sum)"
    if ! is_done initramfs "$key" "$cache/linux/initramfs.gz"; then
        work="$(work_dir initramfs)"
        root="$work/root"
        mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp}
        cp "$cache/linux/busybox" "$root/bin/busybox"
        cp "$source/init" "$root/init"
        cp "$source/profile" "$root/etc/profile"
        for program in ticker affinity; do
            "$cross_gcc" -std=c11 -O2 -Wall -Wextra -Werror -static -s -Wl,--build-id=none -o "$root/bin/$program" "$source/$program.c"
        done
        ln -s busybox "$root/bin/sh"
        chmod -R u=rwX,go=rX "$root"
        chmod 755 "$root/init" "$root"/bin/{busybox,ticker,affinity}
        find "$root" -exec touch --no-dereference --date=@0 {} +
        (cd "$root" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort |
            cpio --quiet --create --format=newc --reproducible --owner=+0:+0) | gzip -n -9 >"$work/initramfs.gz"
        install_into_cache "$work/initramfs.gz" "$cache/linux/initramfs.gz"
        mark_done initramfs "$key"
    fi
    say "initramfs $(stat -c %s "$cache/linux/initramfs.gz") bytes ok"
}
