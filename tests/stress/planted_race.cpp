// SPDX-License-Identifier: Apache-2.0
// Two threads write one word without a lock: ThreadSanitizer has to say so, or it is not on.
#include <thread>

namespace {
volatile unsigned long shared = 0; // each access is one of the machine's

void add() {
    for (int i = 0; i < 1000; ++i)
        shared = shared + 1;
}
} // namespace

int main() {
    std::jthread other(add);
    add();
}
