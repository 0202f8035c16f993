// SPDX-License-Identifier: Apache-2.0
// Saves everything an interrupt finds, calls the C++ handler, restores what the handler left in the frame.
// The frame is struct InterruptFrame of interrupt.hpp.

    .set    frame_gpr, 0
    .set    frame_srr0, 256
    .set    frame_srr1, 264
    .set    frame_lr, 272
    .set    frame_ctr, 280
    .set    frame_xer, 288
    .set    frame_cr, 296
    .set    frame_dar, 304
    .set    frame_dsisr, 312
    .set    frame_vector, 320
    .set    frame_size, 336
    .set    handler_room, 16384     // below the frame, for the handler; the next interrupt inside it begins there

    .text
    .globl  interrupt
interrupt:
    mfsprg2 1
    addi    1, 1, -frame_size
    .irp    n, 0, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    std     \n, frame_gpr + 8 * \n(1)
    .endr
    mfsprg0 4
    std     4, frame_gpr + 8(1)
    mfsprg1 4
    std     4, frame_gpr + 24(1)
    std     3, frame_vector(1)
    mfsrr0  4
    std     4, frame_srr0(1)
    mfsrr1  4
    std     4, frame_srr1(1)
    mflr    4
    std     4, frame_lr(1)
    mfctr   4
    std     4, frame_ctr(1)
    mfxer   4
    std     4, frame_xer(1)
    mfcr    4
    std     4, frame_cr(1)
    mfdar   4
    std     4, frame_dar(1)
    mfdsisr 4
    std     4, frame_dsisr(1)

    mr      3, 1
    lis     4, handler_room@ha
    addi    4, 4, handler_room@l
    sub     4, 1, 4
    mtsprg2 4
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    clrrdi  13, 1, 17               // the processor's block (head.S), and its r13
    addi    13, 13, 128 + 0x7000
    mr      31, 1
    li      0, 0
    stdu    0, -64(1)
    bl      guest_interrupt         // (InterruptFrame*)
    nop
    mr      1, 31
    addi    4, 1, frame_size
    mtsprg2 4

    ld      4, frame_srr0(1)
    mtsrr0  4
    ld      4, frame_srr1(1)
    mtsrr1  4
    ld      4, frame_lr(1)
    mtlr    4
    ld      4, frame_ctr(1)
    mtctr   4
    ld      4, frame_xer(1)
    mtxer   4
    ld      4, frame_cr(1)
    mtcr    4
    .irp    n, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      \n, frame_gpr + 8 * \n(1)
    .endr
    ld      1, frame_gpr + 8(1)
    rfid

// bool guarded_call(GuardArea* r3, body r4, argument r5, argument r6, argument r7): false where the body came back by
// itself, true where the interrupt handler sent us to guard_resume with r3 = the area.
    .globl  guarded_call
    .type   guarded_call, @function
guarded_call:
    mflr    0
    std     0, 16(1)
    mfcr    0
    stw     0, 8(1)
    stdu    1, -64(1)
    std     1, 0(3)
    .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    std     \n, (\n - 13) * 8(3)
    .endr
    mr      12, 4
    mtctr   12
    mr      3, 5
    mr      4, 6
    mr      5, 7
    bctrl
    li      3, 0
    b       1f
    .globl  guard_resume
guard_resume:
    ld      1, 0(3)
    .irp    n, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      \n, (\n - 13) * 8(3)
    .endr
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    li      3, 1
1:  addi    1, 1, 64
    lwz     0, 8(1)
    mtcr    0
    ld      0, 16(1)
    mtlr    0
    blr

// The bodies. Data is reached through MSR[DR] only for the one access in the middle.
    .globl  body_load               // (address, result*, MSR bits)
body_load:
    mfmsr   6
    or      7, 6, 5
    mtmsrd  7
    isync
    ld      8, 0(3)
    mtmsrd  6
    isync
    std     8, 0(4)
    blr

    .globl  body_store              // (address, value, MSR bits)
body_store:
    mfmsr   6
    or      7, 6, 5
    mtmsrd  7
    isync
    std     4, 0(3)
    sync
    mtmsrd  6
    isync
    blr

    .globl  body_execute            // (address, r3 there, MSR there): ends in an interrupt
body_execute:
    mtsrr0  3
    mtsrr1  5
    mr      3, 4
    rfid
    .section .note.GNU-stack, "", @progbits
