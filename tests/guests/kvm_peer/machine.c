// SPDX-License-Identifier: Apache-2.0
// The guest that KVM-HV runs: what KVM leaves to its user is the terminal and the end.
#include "machine.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    vm_type_hv = 1,
    memory_bytes = 64 << 20,
    log2_table_bytes = 20,
    // Tokens and status values of LoPAR.
    h_put_term_char = 0x58,
    h_get_term_char = 0x54,
    h_set_mode = 0x31c,
    h_rtas = 0xf000,
    h_success = 0,
    h_function = -2,
};

static void check(int result, const char* what) {
    if (result < 0)
        give_up(what);
}

/// The interrupt calls work if the kernel has a controller for them; without one they are left to us, who do not know them.
static void add_interrupt_controller(const struct machine* machine) {
    struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};
    if (ioctl(machine->vm, KVM_CREATE_DEVICE, &device) < 0)
        return;
    struct kvm_enable_cap connect = {.cap = KVM_CAP_IRQ_XICS, .args = {device.fd, 0}};
    ioctl(machine->vcpu, KVM_ENABLE_CAP, &connect);
}

static void set_registers(const struct machine* machine, uint64_t tree) {
    const uint64_t sf = (uint64_t)1 << 63, me = 0x1000, le = 1, lpcr_ile = 0x02000000;
    struct kvm_regs registers;
    check(ioctl(machine->vcpu, KVM_GET_REGS, &registers), "KVM_GET_REGS");
    registers.pc = 0;
    registers.msr = sf | me | le;
    registers.gpr[3] = tree;
    check(ioctl(machine->vcpu, KVM_SET_REGS, &registers), "KVM_SET_REGS");

    uint64_t lpcr = 0;
    struct kvm_one_reg one = {.id = KVM_REG_PPC_LPCR_64, .addr = (uintptr_t)&lpcr};
    check(ioctl(machine->vcpu, KVM_GET_ONE_REG, &one), "KVM_GET_ONE_REG of LPCR");
    lpcr |= lpcr_ile;
    check(ioctl(machine->vcpu, KVM_SET_ONE_REG, &one), "KVM_SET_ONE_REG of LPCR");
}

struct machine machine_make(void) {
    struct machine machine = {.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)};
    check(machine.kvm, "no /dev/kvm");
    machine.vm = ioctl(machine.kvm, KVM_CREATE_VM, vm_type_hv);
    check(machine.vm, "KVM_CREATE_VM");
    uint32_t log2_bytes = log2_table_bytes;
    check(ioctl(machine.vm, KVM_PPC_ALLOCATE_HTAB, &log2_bytes), "KVM_PPC_ALLOCATE_HTAB");

    machine.memory =
        mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (machine.memory == MAP_FAILED)
        give_up("no memory for the guest");
    struct kvm_userspace_memory_region region = {.memory_size = memory_bytes,
                                                 .userspace_addr = (uintptr_t)machine.memory};
    check(ioctl(machine.vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");

    machine.vcpu = ioctl(machine.vm, KVM_CREATE_VCPU, 0);
    check(machine.vcpu, "KVM_CREATE_VCPU");
    struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
    check(ioctl(machine.vcpu, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
    add_interrupt_controller(&machine);
    const int size = ioctl(machine.kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    check(size, "KVM_GET_VCPU_MMAP_SIZE");
    machine.run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, machine.vcpu, 0);
    if (machine.run == MAP_FAILED)
        give_up("the virtual processor's area cannot be mapped");
    return machine;
}

void machine_load(struct machine* machine, const char* path, uint64_t address) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    check(file, path);
    uint64_t at = address;
    ssize_t got;
    while ((got = read(file, machine->memory + at, memory_bytes - at)) > 0)
        at += (uint64_t)got;
    if (got < 0 || at == address || at == memory_bytes)
        give_up(path);
    close(file);
}

/// H_PUT_TERM_CHAR: up to 16 bytes in two registers, the first in the most significant byte.
static void put(const __u64* arguments) {
    char bytes[16];
    const size_t length = arguments[1] <= sizeof bytes ? arguments[1] : sizeof bytes;
    for (size_t i = 0; i < sizeof bytes; ++i)
        bytes[i] = (char)(arguments[2 + i / 8] >> (56 - 8 * (i % 8)));
    for (size_t done = 0; done < length;) {
        const ssize_t written = write(STDOUT_FILENO, bytes + done, length - done);
        check((int)written, "the console takes nothing");
        done += (size_t)written;
    }
}

void machine_run(struct machine* machine, uint64_t tree) {
    struct kvm_run* const run = machine->run;
    set_registers(machine, tree);
    for (;;) {
        check(ioctl(machine->vcpu, KVM_RUN, 0), "KVM_RUN");
        if (run->exit_reason != KVM_EXIT_PAPR_HCALL)
            give_up("the guest stopped for another reason than a call");
        switch (run->papr_hcall.nr) {
        case h_rtas: // the only RTAS call of the guest's tree is power-off
            return;
        case h_put_term_char:
            put(run->papr_hcall.args);
            run->papr_hcall.ret = h_success;
            break;
        case h_get_term_char:
            run->papr_hcall.args[0] = 0; // bytes of input
            run->papr_hcall.ret = h_success;
            break;
        case h_set_mode: // little-endian interrupts, which it has from the start
            run->papr_hcall.ret = h_success;
            break;
        default:
            run->papr_hcall.ret = (__u64)h_function;
            break;
        }
    }
}
