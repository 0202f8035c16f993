// SPDX-License-Identifier: Apache-2.0
// Interrupt vectors, and the way into a partition and out of it.

    .abiversion 2

#define SPR_SRR0   26
#define SPR_SRR1   27
#define SPR_HSPRG0 304
#define SPR_HSPRG1 305
#define SPR_HSRR0  314
#define SPR_HSRR1  315

// What an interrupt puts into SRR1 besides the MSR (partition::srr1::interrupt_bits, asserted in exits.cpp).
#define SRR1_INTERRUPT_BITS_32_47 0x783f

// EntryState
#define E_R12       entry_state@tprel+0
#define E_R11       entry_state@tprel+8
#define E_CR        entry_state@tprel+16
#define E_REGISTERS entry_state@tprel+24
#define E_STACK     entry_state@tprel+32
#define E_NAP       entry_state@tprel+40

// partition::Registers
#define GPR(n) ((n) * 8)
#define R_NIP  256
#define R_MSR  264
#define R_CR   272
#define R_LR   280
#define R_CTR  288
#define R_XER  296

// r14 to r31, which a C function keeps: stored at, or loaded from, offset(base).
.macro NONVOLATILES instruction, offset, base
    .set    n, 14
    .rept   18
    \instruction n, \offset + (n - 14) * 8(\base)
    .set    n, n + 1
    .endr
.endm

// A frame that holds all that a C caller expects back, and the return that gives it back.
#define FRAME 208
.macro OPEN_FRAME
    mflr    0
    std     0, 16(1)
    mfcr    0
    std     0, 8(1)
    stdu    1, -FRAME(1)
    NONVOLATILES std, 48, 1
.endm

.macro CLOSE_FRAME
    NONVOLATILES ld, 48, 1
    addi    1, 1, FRAME
    ld      0, 16(1)
    mtlr    0
    ld      0, 8(1)
    mtcrf   0xff, 0
    blr
.endm

// A stub is five instructions: they fit where vectors are 32 bytes apart. Bit 1 of the number in r12 says that the
// interrupt came by HSRR0/1. HSPRG0 holds the processor's r13.
.macro VECTOR address, hypervisor=0
    .org    vectors_template + \address - 0x100
    mtspr   SPR_HSPRG1, 13
    mfspr   13, SPR_HSPRG0
    std     12, E_R12(13)
    li      12, \address + 2 * \hypervisor
    ba      interrupt_entry
.endm

// One for every 32 bytes from first to last. Those that exist (0x1200 to 0x1800 of some processors) come by HSRR0/1.
.macro RESERVED_VECTORS first, last
    .set    at, \first
    .rept   (\last - \first) / 0x20 + 1
    VECTOR  at, 1
    .set    at, at + 0x20
    .endr
.endm

    .section .rodata.vectors, "a"
    .balign 256
    .globl  vectors_template, vectors_template_end
vectors_template:
    VECTOR  0x100
    VECTOR  0x200
    VECTOR  0x300
    VECTOR  0x380
    VECTOR  0x400
    VECTOR  0x480
    VECTOR  0x500, 1                    // POWER8, with LPCR[LPES0] off
    VECTOR  0x600
    VECTOR  0x700
    VECTOR  0x800
    VECTOR  0x900
    VECTOR  0x980, 1
    VECTOR  0xa00
    VECTOR  0xb00
    VECTOR  0xc00
    VECTOR  0xd00
    VECTOR  0xe00, 1
    VECTOR  0xe20, 1
    VECTOR  0xe40, 1
    VECTOR  0xe60, 1
    VECTOR  0xe80, 1
    VECTOR  0xea0, 1
    VECTOR  0xec0, 1
    VECTOR  0xee0, 1
    VECTOR  0xf00
    VECTOR  0xf20
    VECTOR  0xf40
    VECTOR  0xf60
    VECTOR  0xf80, 1
    // Numbers that the architecture reserves and processors have used: each has a stub, so that none runs into what the
    // image has there. The denormal assist is the one that is expected (POWER8; ISA 2.07B Book III-S 6.5 leaves 0x1500 to
    // the implementation).
    RESERVED_VECTORS 0xfa0, 0x14e0
    VECTOR  0x1500, 1
    RESERVED_VECTORS 0x1520, 0x1fe0
vectors_template_end:

// What takes the place of the vector 0xc00 where we are the hypervisor: a hypervisor call has a way in of its own.
    .globl  hypercall_vector, hypercall_vector_end
hypercall_vector:
    mtspr   SPR_HSPRG1, 13
    mfspr   13, SPR_HSPRG0
    std     12, E_R12(13)
    ba      hypercall_entry
hypercall_vector_end:

    .section .text.hot.entry, "ax"
    .balign 128

// r13 = this processor's. Its own way, because the instructions of a hypervisor call are counted.
    .globl  hypercall_entry
hypercall_entry:
    std     11, E_R11(13)
    mfcr    11
    mfspr   12, SPR_SRR1
    rldicl. 12, 12, 4, 63               // MSR[HV], bit 3
    bne     hypercall_in_host
    ld      12, E_REGISTERS(13)
    std     11, R_CR(12)
    std     0, GPR(0)(12)
    std     1, GPR(1)(12)
    std     2, GPR(2)(12)
    std     3, GPR(3)(12)
    std     4, GPR(4)(12)
    std     5, GPR(5)(12)
    std     6, GPR(6)(12)
    std     7, GPR(7)(12)
    std     8, GPR(8)(12)
    std     9, GPR(9)(12)
    std     10, GPR(10)(12)
    ld      4, E_R11(13)
    ld      5, E_R12(13)
    mfspr   6, SPR_HSPRG1
    std     4, GPR(11)(12)
    std     5, GPR(12)(12)
    std     6, GPR(13)(12)
    mflr    4
    mfctr   5
    mfxer   6
    mfspr   7, SPR_SRR0
    mfspr   8, SPR_SRR1
    std     4, R_LR(12)
    std     5, R_CTR(12)
    std     6, R_XER(12)
    lis     4, SRR1_INTERRUPT_BITS_32_47
    andc    8, 8, 4                     // POWER10 leaves the level of sc there
    std     7, R_NIP(12)
    std     8, R_MSR(12)
    ld      1, E_STACK(13)
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    mr      3, 12
    bl      hypercall_dispatch
    clrlwi. 3, 3, 24                    // Outcome::then
    ld      11, E_REGISTERS(13)
    beq     resume_guest
    b       leave_guest

hypercall_in_host:                      // sc 1 in the hypervisor: a fault of ours
    std     11, E_CR(13)
    li      12, 0xc00
    b       host_interrupted

// r13 = this processor's, r12 = vector. Everything else is the interrupted program's.
    .globl  interrupt_entry
interrupt_entry:
    std     11, E_R11(13)
    mfcr    11
    std     11, E_CR(13)
    andi.   11, 12, 2
    bne     1f
    mfspr   11, SPR_SRR1
    b       2f
1:  mfspr   11, SPR_HSRR1
    .globl  hypervisor_test             // without hypervisor state every interrupt is the host's: patched to "not equal"
hypervisor_test:
2:  rldicl. 11, 11, 4, 63               // MSR[HV], bit 3
    bne     host_interrupted

    // Out of the partition. What a C function keeps (r14 to r31) stays in the machine: a light exit saves no more
    // than this.
    ld      11, E_REGISTERS(13)
    std     0, GPR(0)(11)
    std     1, GPR(1)(11)
    std     2, GPR(2)(11)
    std     3, GPR(3)(11)
    std     4, GPR(4)(11)
    std     5, GPR(5)(11)
    std     6, GPR(6)(11)
    std     7, GPR(7)(11)
    std     8, GPR(8)(11)
    std     9, GPR(9)(11)
    std     10, GPR(10)(11)
    ld      4, E_R11(13)
    ld      5, E_R12(13)
    mfspr   6, SPR_HSPRG1
    ld      7, E_CR(13)
    std     4, GPR(11)(11)
    std     5, GPR(12)(11)
    std     6, GPR(13)(11)
    std     7, R_CR(11)
    mflr    4
    mfctr   5
    mfxer   6
    std     4, R_LR(11)
    std     5, R_CTR(11)
    std     6, R_XER(11)
    andi.   4, 12, 2
    bne     3f
    mfspr   5, SPR_SRR0
    mfspr   6, SPR_SRR1
    b       4f
3:  mfspr   5, SPR_HSRR0
    mfspr   6, SPR_HSRR1
4:  std     5, R_NIP(11)
    std     6, R_MSR(11)
    ld      1, E_STACK(13)
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    mr      3, 11
    clrrdi  4, 12, 2
    bl      guest_exit
    cmpdi   3, 0
    ld      11, E_REGISTERS(13)
    bne     leave_guest

resume_guest:
    ld      4, R_NIP(11)
    ld      5, R_MSR(11)
    ld      6, R_CR(11)
    ld      7, R_LR(11)
    ld      8, R_CTR(11)
    ld      9, R_XER(11)
    mtspr   SPR_HSRR0, 4
    mtspr   SPR_HSRR1, 5
    mtcrf   0xff, 6
    mtlr    7
    mtctr   8
    mtxer   9
    ld      0, GPR(0)(11)
    ld      1, GPR(1)(11)
    ld      2, GPR(2)(11)
    ld      3, GPR(3)(11)
    ld      4, GPR(4)(11)
    ld      5, GPR(5)(11)
    ld      6, GPR(6)(11)
    ld      7, GPR(7)(11)
    ld      8, GPR(8)(11)
    ld      9, GPR(9)(11)
    ld      10, GPR(10)(11)
    ld      12, GPR(12)(11)
    ld      13, GPR(13)(11)
    ld      11, GPR(11)(11)
    hrfid

// void enter_guest(Registers*): into the partition, until guest_exit asks to leave it.
    .globl  enter_guest
    .type   enter_guest, @function
enter_guest:
    OPEN_FRAME
    std     1, E_STACK(13)
    std     3, E_REGISTERS(13)
    mr      11, 3
    NONVOLATILES ld, GPR(14), 11
    b       resume_guest

leave_guest:
    NONVOLATILES std, GPR(14), 11
    CLOSE_FRAME
    .size   enter_guest, . - enter_guest

// An interrupt in the hypervisor itself: the end of a nap, or the end of everything. Builds a HostFrame.
#define HOST_FRAME (32 + 40 * 8)
host_interrupted:
    cmpwi   12, 0x100
    bne     5f
    mfspr   11, SPR_SRR1
    andis.  11, 11, 3                   // SRR1[46:47]: woken from a power-saving mode
    beq     5f
    mfspr   11, SPR_SRR1
    rlwinm  11, 11, 14, 28, 31          // SRR1[42:45]: why; 4 is a system reset (ISA 2.07B Book III-S 6.5.1)
    cmpwi   11, 4
    bne     nap_wake
5:  addi    11, 1, -HOST_FRAME - 512    // below whatever the stack pointer protected
    std     0, 32 + GPR(0)(11)
    std     1, 32 + GPR(1)(11)
    .set    n, 2
    .rept   9
    std     n, 32 + GPR(n)(11)
    .set    n, n + 1
    .endr
    ld      3, E_R11(13)
    ld      4, E_R12(13)
    mfspr   5, SPR_HSPRG1
    std     3, 32 + GPR(11)(11)
    std     4, 32 + GPR(12)(11)
    std     5, 32 + GPR(13)(11)
    NONVOLATILES std, 32 + GPR(14), 11
    andi.   3, 12, 2
    bne     6f
    mfspr   5, SPR_SRR0
    mfspr   6, SPR_SRR1
    b       7f
6:  mfspr   5, SPR_HSRR0
    mfspr   6, SPR_HSRR1
7:  std     5, 32 + 256(11)
    std     6, 32 + 264(11)
    ld      5, E_CR(13)
    std     5, 32 + 272(11)
    mflr    5
    mfctr   6
    mfxer   7
    std     5, 32 + 280(11)
    std     6, 32 + 288(11)
    std     7, 32 + 296(11)
    mfspr   5, 19
    mfspr   6, 18
    std     5, 32 + 304(11)
    std     6, 32 + 312(11)
    mr      1, 11
    li      0, 0
    std     0, 0(1)
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    addi    3, 1, 32
    clrrdi  4, 12, 2
    bl      host_interrupt
    trap

// void idle_nap(): POWER8's nap; it ends at vector 0x100 with registers possibly lost.
    .globl  idle_nap
    .type   idle_nap, @function
idle_nap:
    OPEN_FRAME
    std     1, E_NAP(13)
    ptesync
    ld      0, 0(1)
8:  cmpd    0, 0
    bne     8b
    nap
    b       .
nap_wake:
    ld      1, E_NAP(13)
    lis     2, .TOC.@ha
    addi    2, 2, .TOC.@l
    CLOSE_FRAME
    .size   idle_nap, . - idle_nap
