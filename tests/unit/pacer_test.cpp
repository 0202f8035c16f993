// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <transom/migrate/pacer.hpp>

namespace transom::migrate {
namespace {

constexpr Ticks second = 512'000'000, began = 77 * second;

/// Bytes that go within a time, in pieces, where it looks each `look`.
std::uint64_t send(Pacer& pacer, Ticks from, Ticks time, std::uint64_t sent, std::uint64_t piece, Ticks look) {
    for (Ticks now = from; now < from + time; now += look)
        while (pacer.may_send(now, sent))
            sent += piece;
    return sent;
}

TEST(Pacer, HoldsNothingWhereNothingIsSaid) {
    Pacer none, zero(0, second, began);
    for (std::uint64_t sent = 0; sent < 100; ++sent) {
        EXPECT_TRUE(none.may_send(0, sent << 30));
        EXPECT_TRUE(zero.may_send(began, sent << 30));
    }
}

TEST(Pacer, HoldsWhatGoesToItsRate) {
    for (const std::uint64_t rate : {1'000'000ull, 50'000'000ull, 10'000'000'000ull})
        for (const std::uint64_t piece : {100ull, 65'600ull}) {
            Pacer pacer(rate, second, began);
            const std::uint64_t sent = send(pacer, began, 2 * second, 0, piece, second / 2000);
            EXPECT_NEAR(static_cast<double>(sent), 2.0 * static_cast<double>(rate),
                        0.02 * static_cast<double>(rate) + static_cast<double>(piece))
                << rate;
        }
}

TEST(Pacer, KeepsNoTimeForLater) {
    Pacer pacer(1'000'000, second, began);
    EXPECT_TRUE(pacer.may_send(began, 0));
    const Ticks later = began + 10 * second;
    const std::uint64_t sent = send(pacer, later, second / 2000, 0, 1000, second / 2000);
    EXPECT_LE(sent, 12'000u) << "a hundredth of a second's worth";
    EXPECT_GE(sent, 9'000u);
}

TEST(Pacer, DoesNotPayForWhatWasFree) {
    Pacer pacer(1'000'000, second, began);
    EXPECT_TRUE(pacer.may_send(began, 0));
    pacer.skip(100'000'000);
    EXPECT_TRUE(pacer.may_send(began + 1, 100'000'000));
    EXPECT_FALSE(pacer.may_send(began + 2, 100'100'000));
}

// What went otherwise meanwhile, of what was waited for, is paid for too.
TEST(Pacer, PaysForWhatWentWithoutBeingAsked) {
    Pacer pacer(1'000'000, second, began);
    EXPECT_FALSE(pacer.may_send(began, 500'000));
    EXPECT_FALSE(pacer.may_send(began + second / 4, 500'000));
    EXPECT_TRUE(pacer.may_send(began + second / 2, 500'000));
}

} // namespace
} // namespace transom::migrate
