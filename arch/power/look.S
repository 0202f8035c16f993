// SPDX-License-Identifier: Apache-2.0

    .abiversion 2

// std::uint64_t look_for_answer(const Progress* other, std::uint64_t number, std::uint32_t lpid, const Progress* self): returns when the
// other processor has answered that number, or is not inside that partition, or when somebody asks this one; how often it looked. In
// assembler so that a look is a known number of instructions, which the assembler counts.
    .text
    .globl  look_for_answer
    .type   look_for_answer, @function
look_for_answer:
    mfspr   11, 896                     // PPR: the partition's, which low priority changes
    mr      10, 3
    li      3, 0
1:  ld      8, 8(10)                    // answered
    cmpld   8, 4
    bge     3f
    lwz     9, 16(10)                   // inside
    cmplw   9, 5
    bne     3f
    ld      8, 0(6)                     // asked
    ld      9, 8(6)                     // answered
    cmpld   8, 9
    bne     3f
    or      27, 27, 27                  // low priority for a moment
    or      2, 2, 2
    addi    3, 3, 1
    b       1b
2:
3:  mtspr   896, 11
    blr
    .size   look_for_answer, . - look_for_answer

    .section .rodata
    .balign 8
    .globl  instructions_per_look
instructions_per_look:
    .quad   (2b - 1b) / 4
