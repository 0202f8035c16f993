// SPDX-License-Identifier: Apache-2.0

    .abiversion 2

#define FRAME 768                           // more than a leaf function may have below r1 (ELFv2: 512), and what is kept here
#define KEPT  32

// `name` calls the C function `target`, r3 its argument, and keeps every register but LR, which its caller keeps: what is rarely called in the
// middle of a hypervisor call then costs that call nothing otherwise. The hypervisor uses no other registers than these.
.macro KEEPING_REGISTERS name, target
    .globl  \name
    .type   \name, @function
\name:
    stdu    1, -FRAME(1)
    std     0, KEPT(1)
    .set    n, 3
    .rept   10
    std     n, KEPT + n * 8(1)
    .set    n, n + 1
    .endr
    mflr    0
    mfcr    4
    mfctr   5
    mfxer   6
    std     0, KEPT + 104(1)
    std     4, KEPT + 112(1)
    std     5, KEPT + 120(1)
    std     6, KEPT + 128(1)
    bl      \target
    ld      0, KEPT + 104(1)
    ld      4, KEPT + 112(1)
    ld      5, KEPT + 120(1)
    ld      6, KEPT + 128(1)
    mtlr    0
    mtcrf   0xff, 4
    mtctr   5
    mtxer   6
    ld      0, KEPT(1)
    .set    n, 3
    .rept   10
    ld      n, KEPT + n * 8(1)
    .set    n, n + 1
    .endr
    addi    1, 1, FRAME
    blr
    .size   \name, . - \name
.endm

    .text
    KEEPING_REGISTERS answer_while_waiting_keeping_registers, answer_while_waiting
    KEEPING_REGISTERS rendezvous_keeping_registers, rendezvous_of_lpid
