// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/// A KVM-HV guest with a hashed page table, one virtual processor and 64 MiB of memory.
struct machine {
    int kvm, vm, vcpu;
    uint8_t* memory;
    struct kvm_run* run;
};

/// Ends the program with one line if the kernel refuses anything.
struct machine machine_make(void);
/// Reads a file to an address of the guest's memory.
void machine_load(struct machine* machine, const char* path, uint64_t address);
/// Starts the guest at 0 with r3 = `tree`, carries out its calls, and returns when it powers itself off.
void machine_run(struct machine* machine, uint64_t tree);

/// One line, then power-off.
_Noreturn void give_up(const char* what);
