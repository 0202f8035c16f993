// SPDX-License-Identifier: Apache-2.0
// void pattern_call(const Pattern* in, Pattern* out): a hypervisor call with every register that it may not change full of
// something. struct Pattern is in registers.cpp.
    .machine power8
    .set    gpr, 0
    .set    lr, 256
    .set    cr, 264
    .set    fpscr, 272
    .set    vscr, 288
    .set    vsr, 304
    .set    frame, 384
    .set    saved_out, 32
    .set    saved_2, 40
    .set    saved_13, 48             // r13 to r31
    .set    answer_3, 208
    .text
    .globl  pattern_call
    .type   pattern_call, @function
pattern_call:
    mflr    0
    std     0, 16(1)
    mfcr    0
    stw     0, 8(1)
    stdu    1, -frame(1)
    std     4, saved_out(1)
    std     2, saved_2(1)
    .irp    n, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    std     \n, saved_13 + 8 * (\n - 13)(1)
    .endr

    lfd     0, fpscr(3)
    mtfsf   0xff, 0, 1, 0
    addi    5, 3, vscr
    lvx     0, 0, 5
    mtvscr  0
    addi    5, 3, vsr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
    lxvd2x  \n, 0, 5
    addi    5, 5, 16
    .endr
    ld      5, lr(3)
    mtlr    5
    ld      5, cr(3)
    mtcr    5
    .irp    n, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      \n, gpr + 8 * \n(3)
    .endr
    ld      3, gpr + 24(3)
    sc      1
    std     3, answer_3(1)
    ld      3, saved_out(1)
    .irp    n, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    std     \n, gpr + 8 * \n(3)
    .endr
    ld      5, answer_3(1)
    std     5, gpr + 24(3)
    mfcr    5
    std     5, cr(3)
    mflr    5
    std     5, lr(3)
    addi    5, 3, vsr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
    stxvd2x \n, 0, 5
    addi    5, 5, 16
    .endr
    mffs    0
    stfd    0, fpscr(3)
    mfvscr  0
    addi    5, 3, vscr
    stvx    0, 0, 5

    .irp    n, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld      \n, saved_13 + 8 * (\n - 13)(1)
    .endr
    ld      2, saved_2(1)
    addi    1, 1, frame
    lwz     0, 8(1)
    mtcr    0
    ld      0, 16(1)
    mtlr    0
    blr
    .section .note.GNU-stack, "", @progbits
