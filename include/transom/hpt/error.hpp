// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::hpt {

enum class TableError : std::uint8_t {
    no_such_slot,     // beyond the end of the table
    page_size,        // no legal encoding, or not enabled for the partition
    virtual_page,     // reserved segment size, or more address bits than the machine has
    address,          // not all of the page is the partition's memory, or it is not aligned
    cache_attributes, // WIMG that memory must not be mapped with
    too_big,          // the call takes pages of up to 64 KiB only
    group_full,       // no free slot, or not the one asked for
    not_found,        // the slot is not valid or the condition is not met
};

/// Why H_BLOCK_REMOVE leaves an entry; its response codes.
enum class BlockError : std::uint8_t {
    parameter,   // beyond the end of the table, or a page size that the call does not take
    not_found,   // not valid, bolted, or another page
    busy,        // somebody else changes it at the moment
    other_size,  // pages or segment of another size than those before
    other_block, // not in the block of those before
};

} // namespace transom::hpt
