// SPDX-License-Identifier: Apache-2.0
#include "bench_plan.hpp"

#include "failure.hpp"

#include <algorithm>

namespace transom::tool {
namespace {

constexpr unsigned counted_rate = 400, quick_rate = 1000, work_processors = 2, table_rounds = 3;
constexpr std::uint64_t quick_mib = 128, table_mib = 256, counted_mib = 64;

std::vector<BenchWay> ways(std::initializer_list<std::string_view> names) {
    std::vector<BenchWay> some;
    for (const BenchWay& way : bench_ways())
        if (std::ranges::find(names, way.name) != names.end())
            some.push_back(way);
    return some;
}

BenchGuest writer(std::string writes, std::uint64_t mib, unsigned rate) {
    return {.name = "writer", .writes = std::move(writes), .memory_mib = mib, .write_rate = rate};
}

/// Stores in a second, as many more as there is more memory: so a share of the pages is stored to once in the same time whatever their
/// number, 50 % once in 5 s.
unsigned usual_rate(std::uint64_t mib) { return static_cast<unsigned>(mib * 400 / 256); }

std::vector<std::uint64_t> sizes(const BenchMigrateOptions& options) {
    std::vector<std::uint64_t> list;
    for (const std::string& text : options.guest_memory)
        list.push_back(parse_mib(text));
    if (list.empty())
        list = {256, 2048};
    return list;
}

void add_moves(std::vector<BenchGroup>& plan, const BenchMigrateOptions& options) {
    for (const std::uint64_t mib : sizes(options)) {
        for (const char* writes : {"idle", "10", "50", "90", "mixed"})
            plan.push_back({.guest = writer(writes, mib, options.write_rate.value_or(usual_rate(mib))),
                            .ways = bench_ways(),
                            .part = "moves"});
        for (const unsigned processors : {1u, work_processors}) { // idle, and at work
            const BenchGuest guest{.name = "linux", .writes = {}, .memory_mib = mib, .virtual_processors = processors};
            plan.push_back({.guest = guest, .ways = bench_ways(), .part = "moves"});
            plan.push_back({.guest = guest, .ways = {}, .is_qemu = true, .part = "moves"});
        }
    }
}

/// Folded is at the source, in the stop, where there are two page tables; drained at the target, where it began with its second one.
void add_page_tables(std::vector<BenchGroup>& plan, std::initializer_list<unsigned> tables, std::uint64_t mib,
                     unsigned least_rounds) {
    for (const unsigned table : tables) {
        BenchGuest guest = writer("10", mib, usual_rate(mib)); // never faster than can be sent
        guest.page_table_mib = table;
        plan.push_back({.guest = guest,
                        .ways = {{"state", "pre-copy", "state"}, {"post-copy", "post-copy", "state"}},
                        .least_rounds = least_rounds,
                        .part = "page_tables"});
    }
}

void add_counted(std::vector<BenchGroup>& plan, const BenchMigrateOptions& options,
                 std::initializer_list<std::string_view> names) {
    plan.push_back({.guest = writer("mixed", counted_mib, options.write_rate.value_or(counted_rate)),
                    .ways = ways(names),
                    .counts = true,
                    .part = "counted"});
}

} // namespace

std::vector<BenchGroup> bench_plan(const BenchMigrateOptions& options, bool can_count) {
    std::vector<BenchGroup> plan;
    if (options.quick) {
        plan.push_back({.guest = writer("mixed", quick_mib, options.write_rate.value_or(quick_rate)),
                        .ways = ways({"state", "address"}),
                        .part = "moves"});
        add_page_tables(plan, {16}, quick_mib, 1);
        if (can_count)
            add_counted(plan, options, {"hybrid"});
        return plan;
    }
    add_moves(plan, options);
    add_page_tables(plan, {16, 64, 128, 256}, table_mib, table_rounds);
    if (can_count)
        add_counted(plan, options, {"hybrid", "address"});
    std::erase_if(plan,
                  [&](const BenchGroup& group) { return !options.guest.empty() && group.guest.name != options.guest; });
    return plan;
}

} // namespace transom::tool
