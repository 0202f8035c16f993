// SPDX-License-Identifier: Apache-2.0
#include "record_tamper.hpp"

#include "../unit/written_stream.hpp"

#include <algorithm>

namespace transom::stream_fuzz {

void RecordTamper::pass(const Item& item) {
    const std::size_t size = std::min(item.payload.size(), writer_.payload().size());
    std::ranges::copy(std::span(item.payload).first(size), writer_.payload().begin());
    writer_.finish(static_cast<migrate::RecordType>(item.type), size, item.flags);
    test::take_written(writer_, out);
}

/// A number of the payload, at a place that may or may not be one of its fields.
void RecordTamper::patch(Item& item) {
    constexpr std::uint64_t interesting[] = {
        0, 1, 63, 64, 255, 256, 257, 4095, 65536, std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}};
    if (item.payload.empty())
        return;
    const bool aligned = input_.flag();
    const std::size_t size = std::size_t{1} << input_.below(4);
    // What is not contents is at the beginning.
    const std::size_t up_to =
        input_.below(4) != 0 ? std::min<std::size_t>(item.payload.size(), 64) : item.payload.size();
    const std::size_t at = (input_.word(2) * (aligned ? 4 : 1)) % up_to;
    const std::uint64_t value = input_.flag() ? input_.one_of(interesting) : input_.word(static_cast<unsigned>(size));
    for (std::size_t i = 0; i < size && at + i < item.payload.size(); ++i)
        item.payload[at + i] = static_cast<std::byte>(value >> 8 * (size - 1 - i));
}

void RecordTamper::change(Item& item) {
    switch (input_.below(12)) {
    case 0:
        return; // it is lost
    case 1:
        pass(item);
        return pass(item);
    case 2:
    case 3:
    case 4:
        patch(item);
        return pass(item);
    case 5:
        item.payload.resize(std::min<std::size_t>(item.payload.size(), input_.word(2)));
        return pass(item);
    case 6:
        item.payload.resize(std::min<std::size_t>(item.payload.size() + input_.word(2), migrate::max_payload));
        return pass(item);
    case 7:
        item.type = input_.byte() % 32;
        return pass(item);
    case 8:
        item.flags = input_.byte();
        return pass(item);
    case 9: {
        Item more{
            .type = static_cast<std::uint16_t>(input_.byte() % 32), .flags = migrate::flag_mandatory, .payload = {}};
        more.payload.resize(input_.byte());
        for (std::byte& b : more.payload)
            b = static_cast<std::byte>(input_.byte());
        pass(more);
        return pass(item);
    }
    case 10:
        if (!seen_.empty())
            pass(seen_[input_.below(seen_.size())]);
        return pass(item);
    default:
        // Bytes that are no record, or the end.
        ends = input_.flag();
        for (unsigned n = input_.byte(); n != 0; --n)
            out.push_back(static_cast<std::byte>(input_.byte()));
    }
}

void RecordTamper::take(std::span<const std::byte> bytes) {
    while (!bytes.empty() && !ends) {
        const auto fed = reader_.feed(bytes);
        if (!fed) {
            ends = true; // a session of ours sends no damaged record, but it may end in the middle of one
            return;
        }
        bytes = bytes.subspan(fed->consumed);
        if (!fed->record)
            continue;
        Item item{.type = static_cast<std::uint16_t>(fed->record->type),
                  .flags = fed->record->mandatory ? migrate::flag_mandatory : std::uint16_t{0},
                  .payload = {fed->record->payload.begin(), fed->record->payload.end()}};
        if (seen_.size() < 64)
            seen_.push_back(item);
        if (!counted_ && !input_.empty()) {
            unchanged_ = input_.byte() % 64;
            counted_ = true;
        }
        if (counted_ && unchanged_-- == 0) {
            counted_ = false;
            change(item);
        } else {
            pass(item);
        }
    }
}

} // namespace transom::stream_fuzz
