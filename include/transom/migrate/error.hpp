// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <string_view>

namespace transom::migrate {

/// Everything that can end a move. The numbers and names are the stream's (docs/stream.md).
enum class MoveError : std::uint32_t {
    none = 0,
    // what was received is no sound stream
    not_a_transom = 1,
    damaged_record = 2,
    sequence = 3,
    unknown_record = 4,
    record_length = 5,
    record_order = 6,
    record_content = 7,
    page_range = 8,
    incomplete = 10,
    table_entry = 11,
    register_set = 12,
    totals = 13,
    // what does not agree (hello)
    format_version = 20,
    processor_version = 21,
    mmu = 22,
    table_size = 23,
    page_sizes = 24,
    timebase_frequency = 25,
    initial_state = 26,
    memory_size = 27,
    granule = 28,
    virtual_processors = 29,
    partition_name = 30,
    memory = 31,
    busy = 32,
    function_sets = 33,
    cpu_characteristics = 34,
    entitled_capacity = 35,
    facilities = 36,
    registers = 37,
    // the connection
    unreachable = 40,
    refused_connection = 41,
    connection_lost = 42,
    time_limit = 43,
    no_connection = 44,
    unknown_peer = 45,
    unknown_here = 46,
    insecure = 47,
    forged = 48,
    other_machine = 49,
    // from outside
    cancelled = 50,
    no_such_partition = 51,
    not_running = 52,
    in_doubt = 53,
    not_in_doubt = 54,
    outrun = 55,
    discarded = 56,
    checked = 57, // no error: who asked wanted to know no more
};

/// "processor-version" and so on: what error lines and refusals call it.
std::string_view name(MoveError error);

/// Whether the two ends do not fit each other: a refusal, not a failure.
constexpr bool is_refusal(MoveError error) {
    return error >= MoveError::format_version && error <= MoveError::registers;
}

/// An error with one line for a person: the thing, and what to do about it.
struct Failure {
    MoveError error = MoveError::none;
    std::array<char, 120> text_storage{};

    std::string_view text() const { return text_storage.data(); }
};

template <class... Args> Failure failure(MoveError error, fmt::format_string<Args...> format, Args&&... arguments) {
    Failure made{error, {}};
    // The last byte stays 0.
    fmt::format_to_n(made.text_storage.data(), made.text_storage.size() - 1, format, std::forward<Args>(arguments)...);
    return made;
}

} // namespace transom::migrate
