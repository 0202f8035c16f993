// SPDX-License-Identifier: Apache-2.0
#include "tcp_sides.hpp"
#include <lwip/sys.h>
#include <transom/net/clock.hpp>
#include <transom/net/network_task.hpp>

// What the network does beside its streams.

namespace transom::net {
namespace {

TEST(NetworkClock, GoesByTheMachinesTimeBase) {
    arch::FakeMachine machine{mib(1)};
    machine.advance(10'240'000'000);
    EXPECT_EQ(sys_now(), 20'000u); // before the device tree has been read
    const std::uint64_t before = ticks_per_millisecond();
    set_timebase_frequency(1'024'000'000);
    EXPECT_EQ(sys_now(), 10'000u);
    EXPECT_EQ(ticks_per_millisecond(), 1'024'000u);
    set_timebase_frequency(1000 * before);
}

const std::vector<std::byte> nobodys_frame(60, std::byte{0xff});

TEST(NetworkTask, WaitsForAnInterruptOnceNothingComes) {
    ModelMessages messages;
    run_alone(&messages, [](Side& side) {
        NetworkTask task(side.stack);
        REQUIRE(side.stack.can_interrupt());
        REQUIRE(task.run() == 0); // from now on the card interrupts: once more
        REQUIRE(task.run() > ticks_per_millisecond() * 100);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 1);
        REQUIRE(task.run() == 0);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 1); // while it is looked at
        REQUIRE(task.run() == 0);
        REQUIRE(task.run() == 0);
        // What comes between the look and the end of silence is found by the next look.
        REQUIRE(task.run() > ticks_per_millisecond() * 100);
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(side.model().interrupts == 2);
    });
}

TEST(NetworkTask, PollsACardThatCannotInterrupt) {
    run_alone(nullptr, [](Side& side) {
        NetworkTask task(side.stack);
        REQUIRE(!side.stack.can_interrupt());
        for (unsigned i = 0; i < 3; ++i)
            REQUIRE(task.run() != 0 && task.run() <= ticks_per_millisecond());
        REQUIRE(side.model().deliver(nobodys_frame));
        REQUIRE(task.run() == 0);
        REQUIRE(task.run() < ticks_per_millisecond() / 10);
        REQUIRE(side.model().interrupts == 0);
    });
}

TEST(TcpChecksum, EqualsTheDefinition) {
    const auto data = noise(4000);
    std::mt19937 random(5);
    for (unsigned n = 0; n < 2000; ++n) {
        const std::size_t from = random() % 100, length = random() % 3000;
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < length; ++i)
            sum += static_cast<std::uint32_t>(data[from + i]) << (i % 2 == 0 ? 0 : 8);
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        EXPECT_EQ(transom_lwip_checksum(data.data() + from, static_cast<int>(length)), sum);
    }
}

} // namespace
} // namespace transom::net
