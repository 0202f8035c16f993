// SPDX-License-Identifier: Apache-2.0
// void hypercall_registers(Registers* r3): r3..r12 from the ten doublewords there, `sc 1`, r3..r12 back.
    .text
    .globl  hypercall_registers
    .type   hypercall_registers, @function
hypercall_registers:
    std     3, -8(1)                // in the red zone: no interrupt of ours goes below the interrupted stack pointer
    mr      11, 3
    mfcr    0
    stw     0, 8(1)
    ld      3, 0(11)
    ld      4, 8(11)
    ld      5, 16(11)
    ld      6, 24(11)
    ld      7, 32(11)
    ld      8, 40(11)
    ld      9, 48(11)
    ld      10, 56(11)
    ld      12, 72(11)
    ld      11, 64(11)
    sc      1
    ld      0, -8(1)
    std     12, -16(1)
    mr      12, 0
    std     3, 0(12)
    std     4, 8(12)
    std     5, 16(12)
    std     6, 24(12)
    std     7, 32(12)
    std     8, 40(12)
    std     9, 48(12)
    std     10, 56(12)
    std     11, 64(12)
    ld      0, -16(1)
    std     0, 72(12)
    lwz     0, 8(1)
    mtcr    0
    blr
    .section .note.GNU-stack, "", @progbits
