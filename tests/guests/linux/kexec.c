// SPDX-License-Identifier: Apache-2.0
// kexec KERNEL INITRAMFS: starts that kernel, an ELF file, in the place of the one that runs, by kexec_load(2), with the device tree that this one was
// started with. So the initramfs goes to where that says, and is as large at most.
#define _GNU_SOURCE
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const char between[], between_end[]; // kexec.S

struct bytes {
    void* data;
    size_t size;
};

static void fail(const char* what) {
    perror(what);
    exit(1);
}

static struct bytes contents(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct bytes all = {malloc(1 << 20), 0};
    size_t room = 1 << 20;
    if (file < 0 || all.data == NULL)
        fail(path);
    for (ssize_t n; (n = read(file, (char*)all.data + all.size, room - all.size)) != 0; all.size += (size_t)n) {
        if (n < 0)
            fail(path);
        if (all.size + (size_t)n == room && (all.data = realloc(all.data, room *= 2)) == NULL)
            fail(path);
    }
    close(file);
    return all;
}

static uint64_t chosen(const char* property) {
    char path[96];
    snprintf(path, sizeof path, "/proc/device-tree/chosen/%s", property);
    const struct bytes value = contents(path);
    if (value.size == 4)
        return be32toh(*(uint32_t*)value.data);
    return be64toh(*(uint64_t*)value.data);
}

int main(int argc, char** argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: kexec KERNEL INITRAMFS\n");
        return 2;
    }
    const struct bytes kernel = contents(argv[1]), initramfs = contents(argv[2]), tree = contents("/sys/firmware/fdt");
    const uint64_t begin = chosen("linux,initrd-start"), end = chosen("linux,initrd-end"), page = 0x10000;
    if (initramfs.size > end - begin) {
        fprintf(stderr, "kexec: %s has %zu bytes, and the device tree has room for %llu\n", argv[2], initramfs.size,
                (unsigned long long)(end - begin));
        return 1;
    }
#define PAGES(n) (((n) + page - 1) / page * page)
    struct kexec_segment segments[16] = {
        {between, (size_t)(between_end - between), (void*)BETWEEN, page},
        {tree.data, tree.size, (void*)TREE, PAGES(tree.size)},
        {initramfs.data, initramfs.size, (void*)(begin / page * page), PAGES(end) - begin / page * page},
    };
    if (begin % page != 0) { // a segment begins with a page
        char* const moved = calloc(1, initramfs.size + begin % page);
        memcpy(moved + begin % page, initramfs.data, initramfs.size);
        segments[2].buf = moved;
        segments[2].bufsz = initramfs.size + begin % page;
    }
    unsigned long count = 3;
    const Elf64_Ehdr* const elf = kernel.data;
    const Elf64_Phdr* const headers = (const Elf64_Phdr*)((const char*)kernel.data + elf->e_phoff);
    for (int i = 0; i < elf->e_phnum; ++i)
        if (headers[i].p_type == PT_LOAD && count < 16)
            segments[count++] =
                (struct kexec_segment){(const char*)kernel.data + headers[i].p_offset, headers[i].p_filesz,
                                       (void*)(KERNEL + headers[i].p_paddr), PAGES(headers[i].p_memsz)};
    if (syscall(SYS_kexec_load, BETWEEN, count, segments, KEXEC_ARCH_PPC64) != 0)
        fail("kexec_load");
    reboot(LINUX_REBOOT_CMD_KEXEC);
    fail("kexec");
}
