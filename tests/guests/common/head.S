// SPDX-License-Identifier: Apache-2.0
// Where a test guest begins, and its interrupt vectors. Linked and loaded at 0.
//
// Two entries with the same contract (r3 = flat device tree), in either byte order and in 32- or 64-bit mode:
//   0x000  a Transom partition, or any loader that goes to the ELF entry
//   0x100  QEMU's pseries machine with -bios

// One instruction as a big-endian processor reads it.
.macro big_endian word
    .long ((\word & 0xff) << 24) | ((\word & 0xff00) << 8) | ((\word >> 8) & 0xff00) | ((\word >> 24) & 0xff)
.endm

// Read little-endian this is `tdi 0,0,0x48`, which never traps; read big-endian it is `b .+8`.
.macro entry_either_order
    tdi     0, 0, 0x48
    b       start                   // little-endian: go on (skipped in big-endian)
    big_endian 0x39601000           // li     r11, 0x1000: `start`
    big_endian 0x7d7a03a6           // mtsrr0 r11
    big_endian 0x39600001           // li     r11, 1
    big_endian 0x796bf806           // sldi   r11, r11, 63: SF
    big_endian 0x616b1001           // ori    r11, r11, 0x1001: ME, LE
    big_endian 0x7d7b03a6           // mtsrr1 r11
    big_endian 0x4c000024           // rfid
.endm

    .section .head, "ax"
    .globl  entry
entry:
    entry_either_order

    .org    0x100
    entry_either_order

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
    // 64-bit, little-endian, real mode from here; no interrupt until main() wants one
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
    lis     1, boot_stack_top@ha
    addi    1, 1, boot_stack_top@l
    lis     4, interrupt_stack_top@ha
    addi    4, 4, interrupt_stack_top@l
    mtsprg2 4
    lis     13, stack_guard@ha      // ELF TLS ABI: the stack protector's word is at r13 - 0x7010
    addi    13, 13, stack_guard@l
    addi    13, 13, 0x7010
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
    li      0, 0
    stdu    0, -64(1)
    bl      guest_start             // (std::uint64_t tree)
    nop
4:  b       4b

    .section .bss
    .balign 128
    .space  65536
boot_stack_top:
    .space  65536
interrupt_stack_top:
    .section .data
    .balign 16
    .globl  stack_guard
stack_guard:
    .quad   0x5ca1ab1e0ddba11d
