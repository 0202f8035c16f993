// SPDX-License-Identifier: Apache-2.0
// The 64 vector-scalar registers (FP and VMX with them), FPSCR and VSCR: struct Vectors of vectors.hpp.
    .machine power8
    .set    fpscr, 1024
    .set    vscr, 1040

    .macro  every_register instruction
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
    \instruction \n, 0, 4
    addi    4, 4, 16
    .endr
    .endm

    .text
    .globl  load_vectors            // (const Vectors*)
load_vectors:
    lfd     0, fpscr(3)
    mtfsf   0xff, 0, 1, 0
    addi    4, 3, vscr
    lvx     0, 0, 4
    mtvscr  0
    mr      4, 3
    every_register lxvd2x
    blr

    .globl  store_vectors           // (Vectors*)
store_vectors:
    mr      4, 3
    every_register stxvd2x
    mffs    0
    stfd    0, fpscr(3)
    mfvscr  0
    addi    4, 3, vscr
    stvx    0, 0, 4
    lxvd2x  0, 0, 3                 // the two that were used
    addi    4, 3, 512
    lxvd2x  32, 0, 4
    blr

// std::uint64_t count_until(std::uint64_t timebase, std::uint64_t* counter): counts in a register and in memory, and answers
// the register.
    .globl  count_until
count_until:
    li      5, 0
1:  addi    5, 5, 1
    ld      6, 0(4)
    addi    6, 6, 1
    std     6, 0(4)
    mftb    6
    cmpld   6, 3
    blt     1b
    mr      3, 5
    blr
    .section .note.GNU-stack, "", @progbits
