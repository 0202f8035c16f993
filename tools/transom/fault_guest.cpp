// SPDX-License-Identifier: Apache-2.0
#include "fault_guest.hpp"

#include <fmt/format.h>

namespace transom::tool {

void FaultGuest::begin() {
    before_ = {};
    target_from_ = pair_.machine(End::target).console().mark();
    source_from_ = pair_.guest().start_ticks(pair_.machine(End::source), before_, pair_.enough());
}

std::vector<std::string> FaultGuest::complaints(End end) {
    Machine& machine = pair_.machine(end);
    MoveReport report = before_;
    const std::size_t said_from = end == End::source ? source_from_ : target_from_;
    // Only what it says from now on shows that it goes on.
    const std::size_t from = machine.console().mark();
    pair_.guest().check(machine, from, report, pair_.enough());
    std::vector<std::string> list = report.guest_complaints();
    const std::string said = machine.console().terminal_from(said_from);
    if (const auto bad = said.find(": BAD"); bad != std::string::npos) {
        const std::size_t line = said.rfind('\n', bad) + 1;
        list.push_back(fmt::format("it says {}", said.substr(line, said.find('\n', bad) - line)));
    }
    return list;
}

std::vector<std::string> FaultGuest::digest_complaints() {
    const std::string request = fmt::format("digest partition={}", pair_.guest().partition());
    const auto of = [&](End end) { return DigestTable::parse(pair_.management(end).demand(request)); };
    const DigestComparison digest = compare(of(End::source), of(End::target));
    if (digest.match())
        return {};
    return {digest.mismatch.empty()
                ? fmt::format("memory differs: {} of {} pages, the first {}", digest.different.size(), digest.pages,
                              digest.different.empty() ? 0 : digest.different.front())
                : "the digests cannot be compared: " + digest.mismatch};
}

} // namespace transom::tool
