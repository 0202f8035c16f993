// SPDX-License-Identifier: Apache-2.0
// The phases of a migration, and what processors do by them.

#define NORMAL 0
#define DUAL 1
#define SWITCHING 2
#define DRAIN 3
#define RELEASE 4
byte phase;

// What processors tell: may it walk T2? Set before it looks at the phase on its way in, whatever it then finds.
bit on_t2[2];

// Whether T2 counts. To be read under the slot's lock: a filler that saw DUAL under it has then released it, and nobody
// frees T2 who has not had it.
#define TWO_TABLES (phase == DUAL || phase == SWITCHING || phase == DRAIN)

// The table that a processor is to walk.
#define TABLE_NOW (phase == DUAL)
