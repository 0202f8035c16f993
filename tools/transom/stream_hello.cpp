// SPDX-License-Identifier: Apache-2.0
#include "stream_values.hpp"

#include <papr/function_set.hpp>

namespace transom::tool::stream {

using namespace migrate;

namespace {

std::string size(unsigned log2_bytes) {
    constexpr std::string_view units = "KMGTPE";
    if (log2_bytes < 10)
        return fmt::format("{} bytes", 1u << log2_bytes);
    return fmt::format("{} {}iB", 1u << log2_bytes % 10, units[log2_bytes / 10 - 1]);
}

Json page_sizes(std::uint64_t mask) {
    Json sizes = Json::array();
    for (unsigned i = 0; i < 64; ++i)
        if ((mask >> i & 1) != 0)
            sizes.push_back(size(i));
    return sizes;
}

/// Of bit 0, which stands for calls without a set, nothing is said.
Json function_sets(std::uint64_t mask) {
    Json sets = Json::array();
    for (unsigned i = 1; i < 64; ++i)
        if ((mask >> i & 1) != 0) {
            const auto known = papr::name(static_cast<papr::FunctionSet>(i));
            sets.push_back(known.empty() ? fmt::format("bit {}", i) : std::string(known));
        }
    return sets;
}

Json generation(std::uint32_t architected_version) {
    constexpr std::uint32_t power8 = 0x0f000004, power10 = 0x0f000006;
    if (architected_version < power8 || architected_version > power10)
        return hex(architected_version);
    return fmt::format("POWER{}", architected_version - power8 + 8);
}

} // namespace

void hello(Payload payload, RecordFields& out) {
    const auto r = object<HelloRecord>(payload);
    out.fields = {
        {"format_version", std::uint32_t{r.version}},
        {"processor_version", hex(r.processor_version)},
        {"mmu", word(r.mmu, {"0", "hashed, entries of ISA 2.07", "hashed, entries of ISA 3.0"})},
        {"page_table", r.table_log2 < 64 ? Json(size(r.table_log2)) : Json(hex(r.table_log2))},
        {"page_sizes", page_sizes(r.page_sizes)},
        {"timebase_frequency", std::uint64_t{r.timebase_frequency}},
        {"initial_msr", hex(r.initial_msr)},
        {"memory_bytes", std::uint64_t{r.memory_size}},
        {"granule_bytes", std::uint64_t{r.granule}},
        {"virtual_processors", std::uint32_t{r.vcpus}},
        {"features", bits(r.features, {"16 MiB pages", "second watchpoint", "interrupts at 0x18000"})},
        {"name", text(r.name)},
        {"function_sets", function_sets(r.function_sets)},
        {"cpu_character", hex(r.cpu_character)},
        {"cpu_behaviour", hex(r.cpu_behaviour)},
        {"entitled_capacity", std::uint32_t{r.entitled_capacity}},
        {"capacity_weight", std::uint16_t{r.capacity_weight}},
        {"sharing", bits(r.sharing, {"capped", "dedicated", "donating"})},
        {"generation", generation(r.architected_version)},
        {"suffices", bits(r.suffices, {"the same generation"})},
        {"copying", bits(r.copying, {"post-copy"})},
        {"definition", bits(r.definition, {"an operator's"})},
        {"definition_bytes", std::uint64_t{r.definition_size}},
        {"definition_digest", hex(r.definition_digest)},
    };
    if (r.version != format_version)
        out.faults.push_back(
            fmt::format("format version {}: this transom knows {}", std::uint32_t{r.version}, format_version));
}

} // namespace transom::tool::stream
