// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <libfdt.h>
#include <span>
#include <transom/base/big_endian.hpp>
#include <transom/base/fixed_text.hpp>
#include <transom/tree/tree_writer.hpp>

namespace transom::tree {

namespace {
constexpr std::size_t max_name = 63;

/// A name as libfdt wants it.
struct Terminated {
    explicit Terminated(std::string_view name) : fits(name.size() <= max_name) {
        name.copy(characters.data(), max_name);
    }

    std::array<char, max_name + 1> characters{};
    bool fits;
};

} // namespace

TreeWriter::TreeWriter(std::span<std::byte> buffer, std::initializer_list<LogicalRange> reserved)
    : fdt_(buffer.data()) {
    note(fdt_create(fdt_, static_cast<int>(buffer.size())));
    for (const LogicalRange& range : reserved)
        if (status_ == 0 && !range.empty())
            note(fdt_add_reservemap_entry(fdt_, range.begin.value, range.size));
    if (status_ == 0)
        note(fdt_finish_reservemap(fdt_));
}

void TreeWriter::begin(std::string_view name) {
    const Terminated terminated(name);
    if (!terminated.fits)
        note(-FDT_ERR_NOSPACE);
    if (status_ == 0)
        note(fdt_begin_node(fdt_, terminated.characters.data()));
}

void TreeWriter::begin(std::string_view name, std::uint64_t unit) {
    begin(FixedText<max_name>::formatted("{}@{:x}", name, unit).view());
}

void TreeWriter::end() {
    if (status_ == 0)
        note(fdt_end_node(fdt_));
}

std::byte* TreeWriter::value(std::string_view property, std::size_t size) {
    const Terminated terminated(property);
    if (!terminated.fits)
        note(-FDT_ERR_NOSPACE);
    void* room = nullptr;
    if (status_ == 0)
        note(fdt_property_placeholder(fdt_, terminated.characters.data(), static_cast<int>(size), &room));
    return status_ == 0 ? static_cast<std::byte*>(room) : nullptr;
}

void TreeWriter::flag(std::string_view property) { value(property, 0); }

void TreeWriter::text(std::string_view property, std::string_view value) { texts(property, {&value, 1}); }

void TreeWriter::texts(std::string_view property, std::span<const std::string_view> values) {
    std::size_t size = 0;
    for (const std::string_view text : values)
        size += text.size() + 1;
    std::byte* to = value(property, size);
    if (to == nullptr)
        return;
    for (const std::string_view text : values) {
        to = std::ranges::copy(std::as_bytes(std::span(text)), to).out; // an empty one may be nowhere
        *to++ = std::byte{0};
    }
}

void TreeWriter::cells(std::string_view property, std::span<const std::uint32_t> values) {
    std::byte* to = value(property, values.size_bytes());
    if (to == nullptr)
        return;
    for (const std::uint32_t cell : values) {
        store_be(to, cell);
        to += sizeof cell;
    }
}

void TreeWriter::bytes(std::string_view property, std::span<const std::byte> value) {
    if (std::byte* to = this->value(property, value.size()); to != nullptr)
        std::memcpy(to, value.data(), value.size());
}

std::size_t TreeWriter::finish() {
    if (status_ == 0)
        note(fdt_finish(fdt_));
    return status_ == 0 ? fdt_totalsize(fdt_) : 0;
}

} // namespace transom::tree
