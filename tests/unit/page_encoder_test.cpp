// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <transom/migrate/page_copy.hpp>
#include <transom/migrate/page_delta.hpp>
#include <transom/migrate/page_encoder.hpp>
#include <vector>

// What the source makes of pages, and the target of that.

namespace transom::migrate {
namespace {

using Data = std::vector<std::byte>;

class PageEncoderTest : public testing::TestWithParam<Bytes> {
  protected:
    void begin(std::uint64_t places) {
        room.assign(SentCopies::room_for(granule, places) / 8 + 1, ~std::uint64_t{0});
        encoder->begin(granule, std::as_writable_bytes(std::span(room)));
    }
    Data noise() {
        Data made(granule);
        std::ranges::generate(made, [&] { return static_cast<std::byte>(random()); });
        return made;
    }
    /// Encoded, and taken in by a target that has what it has been sent. It answers in which record.
    RecordType send(std::uint64_t page, const Data& contents, std::uint32_t lane = 0, bool again = true) {
        std::ranges::copy(contents, payload.begin() + sizeof(PageRecord));
        const PageRecord head{page, ++order};
        std::memcpy(payload.data(), &head, sizeof head);
        const auto encoded = encoder->encode(std::span(payload).first(sizeof head + granule), lane, again);
        const Record record{.type = encoded.type, .mandatory = true, .payload = std::span(payload).first(encoded.size)};
        const auto copy = PageCopy::of(record, granule);
        EXPECT_TRUE(copy) << copy.error().text();
        EXPECT_EQ(copy->index(), page);
        EXPECT_EQ(copy->order(), order);
        EXPECT_EQ(copy->saved(), sizeof head + granule - encoded.size);
        Held& held = there[page];
        if (copy->base()) {
            EXPECT_EQ(*copy->base(), held.order);
            EXPECT_EQ(lane, held.lane);
        }
        held.bytes.resize(granule);
        EXPECT_TRUE(copy->put_into(held.bytes));
        EXPECT_TRUE(held.bytes == contents);
        held.order = order;
        held.lane = lane;
        return encoded.type;
    }

    struct Held {
        Data bytes;
        CopyOrder order = 0;
        std::uint32_t lane = 0;
    };
    Bytes granule = GetParam();
    std::mt19937 random{11};
    std::vector<std::uint64_t> room;
    Data payload = Data(max_payload);
    std::unique_ptr<PageEncoder> encoder = std::make_unique<PageEncoder>();
    CopyOrder order = 0;
    std::map<std::uint64_t, Held> there;
};

TEST_P(PageEncoderTest, WhatGoesAgainGoesAsWhatHasChanged) {
    begin(4);
    Data page = noise();
    EXPECT_EQ(send(1, page, 0, false), RecordType::page);
    page[5] ^= std::byte{1};
    EXPECT_EQ(send(1, page), RecordType::page) << "of what goes once nothing is kept";
    for (int i = 0; i < 10; ++i) {
        page[random() % granule] ^= std::byte{1};
        EXPECT_EQ(send(1, page), RecordType::page_delta);
    }
    EXPECT_EQ(send(1, page), RecordType::page_delta) << "nothing has changed at all";
    page = noise();
    EXPECT_EQ(send(1, page), RecordType::page) << "all of it has";
    page[7] ^= std::byte{1};
    EXPECT_EQ(send(1, page), RecordType::page) << "and it has lost its place";
    page[7] ^= std::byte{1};
    EXPECT_EQ(send(1, page), RecordType::page_delta);
}

TEST_P(PageEncoderTest, ADeltaIsOnlyMadeOfWhatTheTargetHas) {
    begin(4);
    Data page = noise();
    const auto is_a_delta = [&](std::uint32_t lane) {
        page[random() % granule] ^= std::byte{1};
        return send(1, page, lane) == RecordType::page_delta;
    };
    EXPECT_FALSE(is_a_delta(0));
    EXPECT_TRUE(is_a_delta(0));
    EXPECT_FALSE(is_a_delta(1)) << "by another way it could be there first";
    EXPECT_TRUE(is_a_delta(1));
    encoder->forget(1);
    EXPECT_FALSE(is_a_delta(1));
    EXPECT_TRUE(is_a_delta(1));
    encoder->forget_all();
    EXPECT_FALSE(is_a_delta(1));
    EXPECT_FALSE(is_a_delta(1)) << "and from now on";
}

TEST_P(PageEncoderTest, WithoutRoomPagesGoAsTheyAre) {
    begin(0);
    Data page = noise();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(send(1, page), RecordType::page);
    encoder->begin(granule, {});
    page = Data(granule, std::byte{3});
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(send(1, page), RecordType::packed_page);
}

TEST_P(PageEncoderTest, WhateverHappensTheTargetHasTheSame) {
    begin(6);
    std::map<std::uint64_t, Data> here;
    std::map<RecordType, unsigned> seen;
    for (int round = 0; round < 4000; ++round) {
        const std::uint64_t index = random() % 9;
        const bool again = here.contains(index);
        Data& page = again ? here[index] : here.emplace(index, noise()).first->second;
        switch (random() % 12) {
        case 0:
            page = noise();
            break;
        case 1:
            std::ranges::fill(page, static_cast<std::byte>(random()));
            break;
        case 2: // as zeros
            std::ranges::fill(page, std::byte{0});
            encoder->forget(index);
            there[index] = {page, ++order, 0};
            break;
        default:
            for (auto stores = random() % 20; stores != 0; --stores)
                page[random() % granule] = static_cast<std::byte>(random());
        }
        ++seen[send(index, page, random() % 8 == 0 ? 1 : 0, again)];
        ASSERT_FALSE(HasFailure());
    }
    for (const RecordType type : {RecordType::page, RecordType::packed_page, RecordType::page_delta})
        EXPECT_GT(seen[type], 50u);
}

TEST_P(PageEncoderTest, NothingIsLeftInItAtTheEnd) {
    begin(4);
    const Data page(granule, std::byte{0x5d});
    for (int i = 0; i < 3; ++i)
        send(1, page);
    encoder->end();
    const std::array<std::byte, 16> part{page[0], page[0], page[0], page[0], page[0], page[0], page[0], page[0],
                                         page[0], page[0], page[0], page[0], page[0], page[0], page[0], page[0]};
    EXPECT_TRUE(std::ranges::search(std::as_bytes(std::span(encoder.get(), 1)), part).empty());
}

INSTANTIATE_TEST_SUITE_P(Granules, PageEncoderTest, testing::Values(kib(4), kib(64)));

} // namespace
} // namespace transom::migrate
