// SPDX-License-Identifier: Apache-2.0
// Sleeping without hypervisor state, as a partition of another hypervisor.

    .abiversion 2

#define SPR_SRR1   27
#define SPR_SPRG2  274
#define H_CEDE     0xe0

// Vector 0x900 there: the decrementer has only to end the sleep. It expires once, and interrupts stay off afterwards.
    .section .rodata.supervisor, "a"
    .balign 8
    .globl  supervisor_wake, supervisor_wake_end
supervisor_wake:
    mtspr   SPR_SPRG2, 3
    mfspr   3, SPR_SRR1
    rldicl  3, 3, 48, 1                 // MSR[EE], bit 48
    rotldi  3, 3, 16
    mtspr   SPR_SRR1, 3
    lis     3, 0x7fff
    mtdec   3
    mfspr   3, SPR_SPRG2
    rfid
supervisor_wake_end:

    .text
// void supervisor_sleep(uint64 ticks): H_CEDE enables interrupts and returns when one is there (LoPAR H_CEDE).
    .globl  supervisor_sleep
    .type   supervisor_sleep, @function
supervisor_sleep:
    mtdec   3
    li      3, H_CEDE
    sc      1
    mfmsr   3
    rldicl  3, 3, 48, 1
    rotldi  3, 3, 16
    mtmsrd  3
    blr
    .size   supervisor_sleep, . - supervisor_sleep
