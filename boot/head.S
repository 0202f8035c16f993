// SPDX-License-Identifier: Apache-2.0
#include "fixup_endian.inc"

    .abiversion 2
    .section .head, "ax"

// Entered by skiboot (powernv) at the image's first byte, by QEMU's pseries -bios at 0x100; big-endian, MMU off, at any
// load address; r3 = flattened device tree; from skiboot r8/r9 = OPAL base and entry.
    .globl  image_head
image_head:
    FIXUP_ENDIAN
    b       start

    .org    0x100
    FIXUP_ENDIAN
    b       start

// The vectors are written over this, from 0x100 to 0x2000, by install_vectors.
    .org    0x3000

start:
    // 64-bit mode: pseries -bios starts in 32-bit mode.
    li      10, 1
    rldicr  10, 10, 63, 0
    mfmsr   11
    or      11, 11, 10
    mtmsrd  11
    // Where are we? Copy the image to 0 unless it is there.
    bcl     20, 31, 1f
1:  mflr    10
    lis     11, (1b - image_head)@ha
    addi    11, 11, (1b - image_head)@l
    sub.    10, 10, 11
    beq     3f
    lis     11, image_file_end@ha
    addi    11, 11, image_file_end@l
    srdi    11, 11, 3
    mtctr   11
    addi    10, 10, -8
    li      11, -8
2:  ldu     12, 8(10)
    stdu    12, 8(11)
    bdnz    2b
    // The copy is code: make it visible to instruction fetch.
    lis     11, image_file_end@ha
    addi    11, 11, image_file_end@l
    srdi    11, 11, 7
    addi    11, 11, 1
    mtctr   11
    li      10, 0
4:  dcbst   0, 10
    icbi    0, 10
    addi    10, 10, 128
    bdnz    4b
    sync
    isync
3:  lis     10, at_zero@ha
    addi    10, 10, at_zero@l
    mtctr   10
    bctr

at_zero:
    lis     10, bss_start@ha
    addi    10, 10, bss_start@l
    lis     11, bss_end@ha
    addi    11, 11, bss_end@l
    sub     11, 11, 10
    srdi.   11, 11, 3
    beq     6f
    mtctr   11
    addi    10, 10, -8
    li      0, 0
5:  stdu    0, 8(10)
    bdnz    5b
6:  lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    // The boot processor's block: its start holds the thread-local data, its end is the stack.
    lis     10, boot_processor_block@ha
    addi    10, 10, boot_processor_block@l
    bl      enter_block
    mr      4, 8
    mr      5, 9
    bl      boot_start
    trap

// Secondary processors arrive here from OPAL: big-endian, r3 = processor identification register.
// Their blocks wait in secondary_blocks, one each, given out by an atomic counter.
    .globl  secondary_entry
secondary_entry:
    FIXUP_ENDIAN
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    lis     9, next_secondary@ha
    addi    9, 9, next_secondary@l
7:  ldarx   10, 0, 9
    addi    11, 10, 1
    stdcx.  11, 0, 9
    bne-    7b
    lis     9, secondary_blocks@ha
    addi    9, 9, secondary_blocks@l
    sldi    10, 10, 3
    ldx     10, 9, 10
    bl      enter_block
    bl      secondary_start
    trap

// r10 = a zeroed processor block (boot/processor_block.hpp): sets r1 and r13, copies the initial thread-local data.
// ELFv2: r13 = start of the thread-local data + 0x7000; the stack guard lies 16 bytes below that start.
enter_block:
    mflr    12
    lis     11, 0x1
    add     1, 10, 11
    addi    1, 1, -128
    li      0, 0
    std     0, 0(1)
    addi    13, 10, 128
    lis     11, tls_image_size@ha
    addi    11, 11, tls_image_size@l
    srdi.   11, 11, 3
    beq     9f
    mtctr   11
    lis     7, tls_image_start@ha
    addi    7, 7, tls_image_start@l
    addi    7, 7, -8
    addi    11, 13, -8
8:  ldu     0, 8(7)
    stdu    0, 8(11)
    bdnz    8b
9:  addi    13, 13, 0x7000
    mftb    0                           // a stack guard that the last start did not have
    std     0, -0x7010(13)
    mtlr    12
    blr
