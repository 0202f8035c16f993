// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <transom/migrate/sent_copies.hpp>
#include <type_traits>

namespace transom::migrate {

SentCopies::SentCopies(Bytes granule, std::span<std::byte> room) : granule_(granule) {
    static_assert(std::is_trivially_destructible_v<Copy>);
    const std::uint64_t count = room.size() / room_for(granule, 1);
    bytes_ = room.first(count * granule);
    auto* const first = reinterpret_cast<Copy*>(room.data() + bytes_.size());
    for (std::uint64_t i = 0; i < count; ++i)
        new (first + i) Copy{};
    copies_ = {first, count};
}

SentCopies::Copy* SentCopies::find(PageIndex page) {
    Copy* const copy = at(page);
    return copy != nullptr && copy->order != 0 && copy->page == page ? copy : nullptr;
}

SentCopies::Copy* SentCopies::place_for(PageIndex page) {
    Copy* const copy = at(page);
    if (copy == nullptr || copy->order != 0)
        return nullptr;
    *copy = {.page = page};
    return copy;
}

std::span<std::byte> SentCopies::bytes(const Copy& copy) {
    return bytes_.subspan(static_cast<std::size_t>(&copy - copies_.data()) * granule_, granule_);
}

void SentCopies::forget(PageIndex page) {
    if (Copy* const copy = find(page))
        *copy = {};
}

} // namespace transom::migrate
