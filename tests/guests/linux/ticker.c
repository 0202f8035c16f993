// SPDX-License-Identifier: Apache-2.0
// Prints "tick N MONOTONIC_NS BOOTTIME_NS" at a fixed interval, one write(2) for each line, N from 1 on. Whoever reads
// the lines on the host sees in their gaps how long the partition stood still, and in N whether it lost or repeated any.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t ns_per_ms = 1000000;
static const int64_t ns_per_s = 1000000000;

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * ns_per_s + t.tv_nsec;
}

static void sleep_until(int64_t deadline) {
    const struct timespec t = {.tv_sec = deadline / ns_per_s, .tv_nsec = deadline % ns_per_s};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0) {}
}

static void spin_until(int64_t deadline) {
    while (now(CLOCK_MONOTONIC) < deadline) {}
}

static int print_tick(uint64_t number) {
    char line[96];
    const int length = snprintf(line, sizeof line, "tick %llu %lld %lld\n", (unsigned long long)number,
                                (long long)now(CLOCK_MONOTONIC), (long long)now(CLOCK_BOOTTIME));
    return write(STDOUT_FILENO, line, (size_t)length) == length;
}

int main(int argc, char** argv) {
    int spin = 0;
    long interval_ms = 10;
    for (int i = 1; i < argc; ++i) {
        char* end = argv[i];
        if (strcmp(argv[i], "--spin") == 0) {
            spin = 1;
        } else if ((interval_ms = strtol(argv[i], &end, 10)) <= 0 || *end != '\0') {
            fprintf(stderr,
                    "usage: ticker [--spin] [INTERVAL_MS]   (INTERVAL_MS: a whole number above 0; 10 if left out)\n");
            return 2;
        }
    }

    const int64_t interval = interval_ms * ns_per_ms;
    int64_t deadline = now(CLOCK_MONOTONIC);
    for (uint64_t number = 1; print_tick(number); ++number) {
        deadline += interval;
        const int64_t current = now(CLOCK_MONOTONIC);
        // After a long stop the pace goes on from here: a burst of late ticks would hide the gap's end.
        if (deadline < current - interval)
            deadline = current;
        if (spin) {
            spin_until(deadline);
        } else {
            sleep_until(deadline);
        }
    }
    return 1;
}
