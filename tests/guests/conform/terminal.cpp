// SPDX-License-Identifier: Apache-2.0
// H_PUT_TERM_CHAR and H_GET_TERM_CHAR. LoPAR "Virtual Terminal", option.
#include "case.hpp"

namespace conform {

namespace {

constexpr std::uint64_t terminal = 0x7100'0000;
constexpr std::uint64_t nobody = 0x7100'0fff;

void put_nothing(Context& context) {
    context.status("status", hcall(call::put_term_char, terminal, 0, 0, 0).status, status::success);
}

void put_too_much(Context& context) {
    context.status("seventeen", hcall(call::put_term_char, terminal, 17, 0, 0).status, status::parameter);
    context.status("all_ones", hcall(call::put_term_char, terminal, ~std::uint64_t{0}, 0, 0).status, status::parameter);
    context.status("wraps", hcall(call::put_term_char, terminal, std::uint64_t{1} << 32, 0, 0).status,
                   status::parameter);
}

void put_to_nobody(Context& context) {
    context.status("status", hcall(call::put_term_char, nobody, 1, std::uint64_t{'x'} << 56, 0).status,
                   status::parameter);
}

void get_when_there_is_nothing(Context& context) {
    const auto answer = hcall(call::get_term_char, terminal);
    context.status("status", answer.status, status::success);
    context.value("length", answer.r(4), 0);
}

void get_from_nobody(Context& context) {
    context.status("status", hcall(call::get_term_char, nobody).status, status::parameter);
    context.status("all_ones", hcall(call::get_term_char, ~std::uint64_t{0}).status, status::parameter);
}

constexpr std::array cases = {
    Case{"terminal.put_nothing", &put_nothing, good(call::put_term_char)},
    Case{"terminal.put_too_much", &put_too_much, boundary(call::put_term_char) | hostile(call::put_term_char)},
    Case{"terminal.put_to_nobody", &put_to_nobody, boundary(call::put_term_char)},
    Case{"terminal.get_when_there_is_nothing", &get_when_there_is_nothing, good(call::get_term_char)},
    Case{"terminal.get_from_nobody", &get_from_nobody, boundary(call::get_term_char) | hostile(call::get_term_char)},
};

} // namespace

std::span<const Case> terminal_cases() { return cases; }

} // namespace conform
