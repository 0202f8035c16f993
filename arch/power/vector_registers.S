// SPDX-License-Identifier: Apache-2.0
// FP, VMX and VSX registers of the partition: the hypervisor's own code uses none of them.

    .abiversion 2
    .machine "power8"

// VSR n is at 16 n, doubleword 0 (the FP register) first: lxvd2x and stxvd2x keep that order in little-endian mode.
#define V_FPSCR 1024
#define V_VSCR  1032
#define SCRATCH 32                      // 16-byte aligned, in the frame

    .text
.macro VECTORS_ON
    mfmsr   0
    oris    10, 0, 0x0280               // MSR[VEC], MSR[VSX]
    ori     10, 10, 0x2000              // MSR[FP]
    mtmsrd  10
    isync
.endm

// void save_vector_registers(void* vsr)
    .globl  save_vector_registers
    .type   save_vector_registers, @function
save_vector_registers:
    stdu    1, -64(1)
    VECTORS_ON
    .set    n, 0
    .rept   64
    addi    9, 3, n * 16
    stxvd2x n, 0, 9
    .set    n, n + 1
    .endr
    mffs    0
    stfd    0, V_FPSCR(3)
    addi    9, 1, SCRATCH
    mfvscr  0                           // in the last word element: the lowest address when stored little-endian
    stvx    0, 0, 9
    lwz     10, 0(9)
    std     10, V_VSCR(3)
    mtmsrd  0
    isync
    addi    1, 1, 64
    blr
    .size   save_vector_registers, . - save_vector_registers

// void load_vector_registers(const void* vsr)
    .globl  load_vector_registers
    .type   load_vector_registers, @function
load_vector_registers:
    stdu    1, -64(1)
    VECTORS_ON
    lfd     0, V_FPSCR(3)
    mtfsf   0xff, 0, 1, 0
    li      9, 0
    std     9, SCRATCH(1)
    std     9, SCRATCH + 8(1)
    ld      10, V_VSCR(3)
    stw     10, SCRATCH(1)
    addi    9, 1, SCRATCH
    lvx     0, 0, 9
    mtvscr  0
    .set    n, 0
    .rept   64
    addi    9, 3, n * 16
    lxvd2x  n, 0, 9
    .set    n, n + 1
    .endr
    mtmsrd  0
    isync
    addi    1, 1, 64
    blr
    .size   load_vector_registers, . - load_vector_registers

// void normalize_vector_registers(): POWER8 keeps the result of a single-precision load that is denormal in a form of its
// own, and asks for help when an instruction meets one. A copy of a register onto itself gives it the usual form.
    .globl  normalize_vector_registers
    .type   normalize_vector_registers, @function
normalize_vector_registers:
    VECTORS_ON
    .set    n, 0
    .rept   64
    xvcpsgndp n, n, n
    .set    n, n + 1
    .endr
    mtmsrd  0
    isync
    blr
    .size   normalize_vector_registers, . - normalize_vector_registers
