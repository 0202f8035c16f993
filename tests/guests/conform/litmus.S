// SPDX-License-Identifier: Apache-2.0
// Accesses through the page table without end, with interrupts off: each loop ends in the interrupt that an access takes, with
// r12 = the number that the access had. Data is reached through MSR[DR], instructions are not.
    .text

    .globl  store_loop              // (address, first number, -): stores rising numbers there
store_loop:
    mfmsr   6
    ori     6, 6, 0x10
    mtmsrd  6
    isync
    mr      12, 4
1:  std     12, 0(3)
    addi    12, 12, 1
    b       1b

    .globl  store_and_call_loop     // (address, first number, token): the same, with a light hypervisor call after each store
store_and_call_loop:
    mr      14, 3
    mr      15, 4
    mr      16, 5
    mfmsr   6
    ori     6, 6, 0x10
    mtmsrd  6
    isync
2:  mr      12, 15
    std     15, 0(14)
    addi    15, 15, 1
    mr      3, 16
    li      4, 0
    sc      1
    b       2b

    .globl  load_loop               // (address, first number, -): loads there, and stores the number 64 KiB further on
load_loop:
    mfmsr   6
    ori     6, 6, 0x10
    mtmsrd  6
    isync
    mr      12, 4
    addis   5, 3, 1
3:  ld      6, 0(3)
    sync
    std     12, 0(5)
    addi    12, 12, 1
    b       3b
    .section .note.GNU-stack, "", @progbits
