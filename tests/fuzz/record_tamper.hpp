// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "input.hpp"

#include <cstddef>
#include <span>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>
#include <vector>

namespace transom::stream_fuzz {

using hcall_fuzz::Input;

/// One direction of a stream on its way: records come in, and go out changed as the input says, each with its checksums and its place in the
/// sequence. Once the input is at its end nothing is changed.
class RecordTamper {
  public:
    explicit RecordTamper(Input& input) : input_(input) {}

    void take(std::span<const std::byte> bytes);

    std::vector<std::byte> out; ///< for the other end
    bool ends = false;          ///< the connection is to end when that is out

  private:
    struct Item {
        std::uint16_t type = 0, flags = 0;
        std::vector<std::byte> payload;
    };
    void pass(const Item& item);
    void change(Item& item);
    void patch(Item& item);

    Input& input_;
    std::vector<std::byte> in_buffer_ = std::vector<std::byte>(migrate::max_record);
    std::vector<std::byte> out_buffer_ = std::vector<std::byte>(migrate::max_record);
    migrate::RecordReader reader_{in_buffer_};
    migrate::RecordWriter writer_{out_buffer_};
    std::vector<Item> seen_; // the first few, for replays
    unsigned unchanged_ = 0; // records that pass before the next is changed
    bool counted_ = false;
};

} // namespace transom::stream_fuzz
