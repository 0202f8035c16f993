// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <transom/base/address.hpp>
#include <transom/migrate/page_arrivals.hpp>

namespace transom::migrate {

/// What the target was last sent of some pages, byte for byte. Each page has one place where its copy can be, which it shares with others:
/// the first to come has it until it is forgotten.
class SentCopies {
  public:
    /// One of them. The bytes are its owner's to change together with the rest.
    struct Copy {
        PageIndex page{};
        CopyOrder order = 0; // 0: it is of no page
        std::uint32_t lane = 0;
    };

    /// None has any room.
    SentCopies() = default;
    /// `room`: the owner's, with anything in it.
    SentCopies(Bytes granule, std::span<std::byte> room);
    static constexpr Bytes room_for(Bytes granule, std::uint64_t copies) { return copies * (granule + sizeof(Copy)); }

    /// The page's own one. Null: there is none.
    Copy* find(PageIndex page);
    /// A place for a copy of a page that has none. Null: another page has it.
    Copy* place_for(PageIndex page);
    std::span<std::byte> bytes(const Copy& copy);
    /// The target has another one of this page, or none, or it is not worth its place.
    void forget(PageIndex page);

  private:
    Copy* at(PageIndex page) { return copies_.empty() ? nullptr : &copies_[page.value % copies_.size()]; }

    Bytes granule_ = 0;
    std::span<std::byte> bytes_;
    std::span<Copy> copies_;
};

} // namespace transom::migrate
