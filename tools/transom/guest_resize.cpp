// SPDX-License-Identifier: Apache-2.0
#include "guest_resize.hpp"

#include "failure.hpp"
#include "shell.hpp"

#include <charconv>
#include <fmt/format.h>

namespace transom::tool {
namespace {

/// A number alone in the last line.
std::optional<unsigned> last_number(std::string_view text) {
    if (const std::size_t newline = text.rfind('\n'); newline != std::string_view::npos)
        text.remove_prefix(newline + 1);
    unsigned number = 0;
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && at == end ? std::optional(number) : std::nullopt;
}

} // namespace

void GuestResize::start(Machine& machine, Clock::time_point until) {
    Shell shell(machine);
    shell.run("mount -t debugfs debugfs /sys/kernel/debug; o=/sys/kernel/debug/powerpc/hpt_order", until);
    const auto order = last_number(shell.run("cat $o", until));
    if (!order)
        machine.fail_with_console("the partition's kernel does not say how large its page table is");
    first_ = *order;
}

/// The size that it has afterwards. What is refused says so in a line of its own.
std::optional<unsigned> GuestResize::ask_for(Machine& machine, unsigned order, Clock::time_point until) const {
    return last_number(Shell(machine).run(fmt::format("echo {} >$o; cat $o", order), until));
}

ResizeReport GuestResize::resize(Machine& machine, Clock::time_point until) {
    ResizeReport report;
    std::vector<unsigned> wanted = {first_ + 1, first_, first_ - 1, first_ + 1};
    if (times_++ % 2 != 0)
        wanted.push_back(first_);
    for (const unsigned order : wanted) {
        const auto now = ask_for(machine, order, until);
        if (now == order)
            ++report.done;
        else if (order < first_ && now == report.order)
            ++report.no_room;
        else
            report.complaints.push_back(
                fmt::format("a page table of 2^{} bytes was wanted, and it has {}", order,
                            now ? fmt::format("one of 2^{}", *now) : std::string("none that it tells of")));
        report.order = now.value_or(0);
    }
    return report;
}

} // namespace transom::tool
