// SPDX-License-Identifier: Apache-2.0
// What runs between the old kernel and the new one: Linux enters it in real mode, with its first 256 bytes also at address 0.
#include "fixup_endian.inc"
        .text
        .globl between, between_end
        .balign 256
between:
        b       first
        .balign 8
        // The new kernel's processors look at the word at 8, which must be 0 until it has copied itself to 0.
        .8byte  0, 0
        .org    between + 0x60
        // The others, with r3 the processor's number, at 0x60 of that copy: on to where nobody writes.
        // They come big-endian.
        FIXUP_ENDIAN
        lis     %r4, BETWEEN@h
        ori     %r4, %r4, (BETWEEN + 0x200)@l
        mtctr   %r4
        bctr
        .org    between + 0x100
first:  // r3: the processor's number
        lis     %r5, BETWEEN@h
        ori     %r5, %r5, (BETWEEN + 0x300)@l
        li      %r6, 1
        std     %r6, 0(%r5)             // the others may go
        sync
        lis     %r3, TREE@h
        ori     %r3, %r3, TREE@l
        lis     %r4, KERNEL@h
        ori     %r4, %r4, KERNEL@l
        li      %r5, 0
        mtctr   %r4
        bctr
        .org    between + 0x200
        lis     %r5, BETWEEN@h
        ori     %r5, %r5, (BETWEEN + 0x300)@l
1:      or      %r1, %r1, %r1           // in no hurry
        ld      %r6, 0(%r5)
        cmpdi   %r6, 0
        beq     1b
        or      %r2, %r2, %r2
        lis     %r4, KERNEL@h
        ori     %r4, %r4, (KERNEL + 0x60)@l
        mtctr   %r4
        isync
        bctr
        .org    between + 0x300
        .8byte  0
between_end:
        .section .note.GNU-stack, "", @progbits
