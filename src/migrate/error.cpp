// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <transom/migrate/error.hpp>

namespace transom::migrate {

namespace {

struct Named {
    MoveError error;
    std::string_view name;
};

constexpr auto names = std::to_array<Named>({
    {MoveError::none, "none"},
    {MoveError::not_a_transom, "not-a-transom"},
    {MoveError::damaged_record, "damaged-record"},
    {MoveError::sequence, "sequence"},
    {MoveError::unknown_record, "unknown-record"},
    {MoveError::record_length, "record-length"},
    {MoveError::record_order, "record-order"},
    {MoveError::record_content, "record-content"},
    {MoveError::page_range, "page-range"},
    {MoveError::incomplete, "incomplete"},
    {MoveError::table_entry, "table-entry"},
    {MoveError::register_set, "register-set"},
    {MoveError::totals, "totals"},
    {MoveError::format_version, "format-version"},
    {MoveError::processor_version, "processor-version"},
    {MoveError::mmu, "mmu"},
    {MoveError::table_size, "table-size"},
    {MoveError::page_sizes, "page-sizes"},
    {MoveError::timebase_frequency, "timebase-frequency"},
    {MoveError::initial_state, "initial-state"},
    {MoveError::memory_size, "memory-size"},
    {MoveError::granule, "granule"},
    {MoveError::virtual_processors, "virtual-processors"},
    {MoveError::partition_name, "partition-name"},
    {MoveError::memory, "memory"},
    {MoveError::busy, "busy"},
    {MoveError::function_sets, "function-sets"},
    {MoveError::cpu_characteristics, "cpu-characteristics"},
    {MoveError::entitled_capacity, "entitled-capacity"},
    {MoveError::facilities, "facilities"},
    {MoveError::registers, "registers"},
    {MoveError::unreachable, "unreachable"},
    {MoveError::refused_connection, "refused-connection"},
    {MoveError::connection_lost, "connection-lost"},
    {MoveError::time_limit, "time-limit"},
    {MoveError::no_connection, "no-connection"},
    {MoveError::unknown_peer, "unknown-peer"},
    {MoveError::unknown_here, "unknown-here"},
    {MoveError::insecure, "insecure"},
    {MoveError::forged, "forged"},
    {MoveError::other_machine, "other-machine"},
    {MoveError::cancelled, "cancelled"},
    {MoveError::no_such_partition, "no-such-partition"},
    {MoveError::not_running, "not-running"},
    {MoveError::in_doubt, "in-doubt"},
    {MoveError::not_in_doubt, "not-in-doubt"},
    {MoveError::discarded, "discarded"},
    {MoveError::outrun, "outrun"},
    {MoveError::checked, "checked"},
});

} // namespace

std::string_view name(MoveError error) {
    for (const Named& row : names)
        if (row.error == error)
            return row.name;
    return "unknown-error"; // a peer may say anything
}

} // namespace transom::migrate
