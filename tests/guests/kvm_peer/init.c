// SPDX-License-Identifier: Apache-2.0
// The only process of the Linux that is Transom's peer in benchmarks: loads KVM-HV, runs the bench guest and switches the
// machine off. Everything is in the root file system that the tool makes (tools/transom/kvm_peer.cpp).
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint64_t tree_address = 32 << 20;

static _Noreturn void power_off(void) {
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

void give_up(const char* what) {
    printf("Bail out! the peer: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    power_off();
}

static void load_module(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0) != 0)
        give_up(path);
    close(file);
}

static void open_console(void) {
    const int console = open("/dev/console", O_RDWR);
    for (int fd = STDIN_FILENO; console >= 0 && fd <= STDERR_FILENO; ++fd)
        dup2(console, fd);
}

int main(void) {
    const int mounted = mount("devtmpfs", "/dev", "devtmpfs", 0, "");
    open_console();
    if (mounted != 0 && errno != EBUSY) // the kernel may have done it
        give_up("no /dev");
    load_module("/kvm.ko");
    load_module("/kvm-hv.ko");
    struct machine machine = machine_make();
    machine_load(&machine, "/bench.bin", 0);
    machine_load(&machine, "/tree.dtb", tree_address);
    machine_run(&machine, tree_address);
    power_off();
}
