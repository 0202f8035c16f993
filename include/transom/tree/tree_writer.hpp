// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <transom/base/address.hpp>

namespace transom::tree {

/// Writes a flattened device tree into a buffer, front to back. The first thing that does not fit stops it; everything
/// after is ignored, and finish() says so.
class TreeWriter {
  public:
    /// `reserved` become the memory reservation block.
    TreeWriter(std::span<std::byte> buffer, std::initializer_list<LogicalRange> reserved);

    /// The node's name, with a unit address where `unit` is given.
    void begin(std::string_view name);
    void begin(std::string_view name, std::uint64_t unit);
    void end();

    void flag(std::string_view property);
    void text(std::string_view property, std::string_view value);
    void texts(std::string_view property, std::span<const std::string_view> values);
    void cells(std::string_view property, std::span<const std::uint32_t> values);
    void cells(std::string_view property, std::initializer_list<std::uint32_t> values) {
        cells(property, std::span(values.begin(), values.size()));
    }
    void bytes(std::string_view property, std::span<const std::byte> value);

    /// The size of the tree in bytes; 0 where it did not fit.
    std::size_t finish();

  private:
    /// Keeps the first error.
    void note(int status) {
        if (status_ == 0)
            status_ = status;
    }
    /// Room for a property's value; null where something has failed.
    std::byte* value(std::string_view property, std::size_t size);

    void* fdt_;
    int status_ = 0;
};

} // namespace transom::tree
