// SPDX-License-Identifier: Apache-2.0
#include "../fixup_endian.inc"

    .abiversion 2
    .text

#define SPR_HSRR0 314
#define SPR_HSRR1 315

// int64 opal_call(const uint64 arguments[8], uint64 token, uint64 base, uint64 entry)
// OPAL runs big-endian on our stack, in real mode, with its base in r2 and the token in r0; it keeps r14 to r31.
    .globl  opal_call
    .type   opal_call, @function
opal_call:
    mflr    0
    std     0, 16(1)
    mfcr    0
    std     0, 8(1)
    stdu    1, -128(1)
    std     2, 96(1)
    std     13, 104(1)
    mr      11, 3
    mr      0, 4
    mr      2, 5
    mtspr   SPR_HSRR0, 6
    mfmsr   12
    li      10, 1                       // LE off, external interrupts are off
    andc    12, 12, 10
    mtspr   SPR_HSRR1, 12
    lis     12, opal_return@ha
    addi    12, 12, opal_return@l
    mtlr    12
    ld      3, 0(11)
    ld      4, 8(11)
    ld      5, 16(11)
    ld      6, 24(11)
    ld      7, 32(11)
    ld      8, 40(11)
    ld      9, 48(11)
    ld      10, 56(11)
    hrfid
opal_return:
    FIXUP_ENDIAN
    ld      2, 96(1)
    ld      13, 104(1)
    addi    1, 1, 128
    ld      0, 16(1)
    mtlr    0
    ld      0, 8(1)
    mtcrf   0xff, 0
    blr
    .size   opal_call, . - opal_call
