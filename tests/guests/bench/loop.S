// SPDX-License-Identifier: Apache-2.0
// Loops of hypervisor calls, and the same loops without their calls. The loop is struct Loop of loop.hpp.

#define PMC5 791
#define TB   268

    .set    loop_iterations, 0
    .set    loop_instructions, 8
    .set    loop_ticks, 16
    .set    loop_unexpected, 24
    .set    loop_steps, 32
    .set    step_status, 80
    .set    step_size, 88

// QEMU adds to PMC5 at the end of each run of instructions without a branch: the counter is read right behind one. So is
// every call made: the run that a call ends is not counted in all versions of QEMU, and here it is `sc` alone.
.macro END_OF_RUN
    b       .+4
.endm

// void NAME(Loop* r3). The registers that a call may change are loaded before each.
.macro LOOP name, steps, with_call
    .globl  \name
    .type   \name, @function
\name:
    std     26, -48(1)
    std     27, -40(1)
    std     28, -32(1)
    std     29, -24(1)
    std     30, -16(1)
    std     31, -8(1)
    mr      31, 3
    ld      30, loop_iterations(31)
    li      29, 0
    END_OF_RUN
    mfspr   28, PMC5
    mfspr   27, TB
1:
    .set    at, loop_steps
    .rept   \steps
    .irp    n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    ld      \n, at + (\n - 3) * 8(31)
    .endr
    END_OF_RUN
    .if     \with_call
    sc      1
    .endif
    ld      0, at + step_status(31)
    xor     0, 0, 3
    or      29, 29, 0
    .set    at, at + step_size
    .endr
    addi    30, 30, -1
    cmpdi   30, 0
    bne     1b
    mfspr   26, TB
    END_OF_RUN
    mfspr   0, PMC5
    sub     0, 0, 28
    clrldi  0, 0, 32                    // 32 bits, of which any may be the top one by now
    sub     26, 26, 27
    std     0, loop_instructions(31)
    std     26, loop_ticks(31)
    std     29, loop_unexpected(31)
    ld      26, -48(1)
    ld      27, -40(1)
    ld      28, -32(1)
    ld      29, -24(1)
    ld      30, -16(1)
    ld      31, -8(1)
    blr
    .size   \name, . - \name
.endm

    .text
    LOOP    call_once, 1, 1
    LOOP    call_twice, 2, 1
    LOOP    call_five_times, 5, 1
    LOOP    skip_once, 1, 0
    LOOP    skip_twice, 2, 0
    LOOP    skip_five_times, 5, 0
    .section .note.GNU-stack, "", @progbits
