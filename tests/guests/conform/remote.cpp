// SPDX-License-Identifier: Apache-2.0
#include "remote.hpp"

namespace conform {

namespace {

std::array<std::uint64_t, 5> asked;
void (*asked_work)() = nullptr;
Answer answered;
Shared request, reply; // numbers of both; what is between them belongs to the other processor
std::atomic<bool> leave;

void serve() {
    std::uint64_t served = 0;
    while (wait_until([&] { return request != served || leave; }) && !leave) {
        if (asked_work != nullptr)
            asked_work();
        else
            answered = guest::hcall(asked[0], asked[1], asked[2], asked[3], asked[4]);
        served = request;
        reply = served;
    }
}

void send(Context& context) {
    const std::uint64_t number = ++request;
    if (!wait_until([&] { return reply == number; }))
        context.holds("answered", false);
}

} // namespace

Remote::Remote(Context& context, unsigned number) : context_(context), crew_(context.machine()) {
    request = reply = 0;
    leave = false;
    context.holds("started", crew_.start(number, &serve));
}

Remote::~Remote() {
    leave = true;
    context_.holds("ended", crew_.finish());
}

Answer Remote::ask(const std::array<std::uint64_t, 5>& registers) {
    asked = registers;
    asked_work = nullptr;
    send(context_);
    evidence.note(registers[0], answered.status);
    return answered;
}

void Remote::run(void (*work)()) {
    asked_work = work;
    send(context_);
}

} // namespace conform
