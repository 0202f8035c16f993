// SPDX-License-Identifier: Apache-2.0
// Where a test guest begins, where its other processors begin, and its interrupt vectors. Linked and loaded at 0.
//
// Two entries with the same contract (r3 = flat device tree), in either byte order and in 32- or 64-bit mode:
//   0x000  a Transom partition, or any loader that goes to the ELF entry
//   0x100  QEMU's pseries machine with -bios
//
// Each processor has a block of 128 KiB (processor_blocks), found from any address in it: thread-local data at its start (128
// bytes in, the stack guard before it), the interrupt stack in its lower half, the stack in its upper one.
    .set    log2_block_size, 17
    .set    block_count, 4          // guest::max_processors

// One instruction as a big-endian processor reads it.
.macro big_endian word
    .long (((\word) & 0xff) << 24) | (((\word) & 0xff00) << 8) | (((\word) >> 8) & 0xff00) | (((\word) >> 24) & 0xff)
.endm

// Goes to `target`, which is at `address`. Read little-endian the first word is `tdi 0,0,0x48`, which never traps; read
// big-endian it is `b .+8`.
.macro entry_either_order target, address
    tdi     0, 0, 0x48
    b       \target                 // little-endian: go on (skipped in big-endian)
    big_endian 0x39600000+\address // li     r11, address
    big_endian 0x7d7a03a6           // mtsrr0 r11
    big_endian 0x39600001           // li     r11, 1
    big_endian 0x796bf806           // sldi   r11, r11, 63: SF
    big_endian 0x616b1001           // ori    r11, r11, 0x1001: ME, LE
    big_endian 0x7d7b03a6           // mtsrr1 r11
    big_endian 0x4c000024           // rfid
.endm

// 64-bit, little-endian, real mode from here; no interrupt until it is wanted.
.macro enter_plain_state
    li      0, 1
    sldi    0, 0, 63
    ori     0, 0, 0x1001            // SF, ME, LE
    lis     4, 1f@ha
    addi    4, 4, 1f@l
    mtsrr0  4
    mtsrr1  0
    rfid
1:
    lis     4, 0x7fff
    ori     4, 4, 0xffff
    mtdec   4
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
.endm

    .section .head, "ax"
    .globl  entry
entry:
    entry_either_order start, 0x1000

    .org    0x100
    entry_either_order start, 0x1000

// Every 32 bytes from 0x200 on, so that no interrupt whatever lands in nothing. r1 and r3 are kept in SPRG0 and SPRG1.
    .org    0x200
    .set    vector, 0x200
    .rept   (0x1000 - 0x200) / 0x20
    mtsprg0 1
    mtsprg1 3
    li      3, vector
    b       interrupt
    .org    vector + 0x20
    .set    vector, vector + 0x20
    .endr

    .org    0x1000
start:
    enter_plain_state
    lis     4, bss_begin@ha
    addi    4, 4, bss_begin@l
    lis     5, bss_end@ha
    addi    5, 5, bss_end@l
    sub     5, 5, 4
    srdi.   5, 5, 3
    beq     3f
    mtctr   5
    li      6, 0
2:  std     6, 0(4)
    addi    4, 4, 8
    bdnz    2b
3:
    lis     10, processor_blocks@ha
    addi    10, 10, processor_blocks@l
    bl      enter_block
    bl      guest_start             // (std::uint64_t tree)
    nop
4:  b       4b

    // Where a processor begins that RTAS start-cpu has started, with r3 = its number.
    .org    0x1200
    .globl  other_processor_entry
other_processor_entry:
    entry_either_order other_start, 0x1240
    .org    0x1240
other_start:
    enter_plain_state
    lis     10, processor_blocks@ha
    addi    10, 10, processor_blocks@l
    sldi    4, 3, log2_block_size
    add     10, 10, 4
    bl      enter_block
    bl      guest_other_start       // (std::uint64_t number)
    nop
5:  b       5b

// r10 = a processor block: sets r1, r13 and SPRG2 (the top of the interrupt stack), and copies the initial thread-local data.
// ELFv2: r13 = start of the thread-local data + 0x7000; the stack protector's word lies 16 bytes below that start.
enter_block:
    mflr    12
    lis     11, 1
    add     11, 10, 11
    mtsprg2 11
    addis   1, 11, 1
    li      0, 0
    stdu    0, -128(1)
    addi    13, 10, 128
    lis     11, tls_image_size@ha
    addi    11, 11, tls_image_size@l
    srdi.   11, 11, 3
    beq     7f
    mtctr   11
    lis     4, tls_image_start@ha
    addi    4, 4, tls_image_start@l
    addi    4, 4, -8
    addi    5, 13, -8
6:  ldu     0, 8(4)
    stdu    0, 8(5)
    bdnz    6b
7:  addi    13, 13, 0x7000
    lis     4, stack_guard@ha
    ld      4, stack_guard@l(4)
    std     4, -0x7010(13)
    mtlr    12
    blr

// The same vectors for interrupts that are taken with translation on (H_SET_MODE resource 3): whoever wants them maps this
// page at 0xc000000000004000. Back to real mode, as if taken there; the vector's number says which ones they were.
    .org    0x4000
    .set    vector, 0x4000
    .rept   (0x1000 - 0x40) / 0x20
    mtsprg0 1
    mtsprg1 3
    li      3, vector
    b       relocated_interrupt
    .org    vector + 0x20
    .set    vector, vector + 0x20
    .endr
relocated_interrupt:
    li      1, 1
    sldi    1, 1, 63
    ori     1, 1, 0x1001            // SF, ME, LE: what an interrupt in real mode begins with
    mtmsrd  1
    isync
    ba      interrupt
    .org    0x5000

    .section .bss
    .balign 1 << log2_block_size
    .globl  processor_blocks
processor_blocks:
    .space  block_count << log2_block_size
    .section .data
    .balign 16
stack_guard:
    .quad   0x5ca1ab1e0ddba11d
