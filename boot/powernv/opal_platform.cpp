// SPDX-License-Identifier: Apache-2.0
#include "opal_platform.hpp"

#include "opal.hpp"

#include <arch/machine.hpp>
#include <transom/base/big_endian.hpp>

namespace boot {

using transom::Be;

std::string_view OpalPlatform::machine_name() const {
    switch (arch::processor_generation()) {
    case 8:
        return "powernv8";
    case 9:
        return "powernv9";
    default:
        return "powernv10";
    }
}

void OpalPlatform::console_write(std::string_view text) {
    while (!text.empty()) {
        Be<std::uint64_t> length = text.size();
        const std::int64_t status = opal::call(opal::Call::console_write, std::uint64_t{0}, &length, text.data());
        if (status == opal::success)
            text.remove_prefix(length);
        else if (status != opal::busy && status != opal::busy_event)
            return; // a console that refuses cannot be told about
        if (!text.empty())
            poll();
    }
}

std::size_t OpalPlatform::console_read(std::span<char> into) {
    Be<std::uint64_t> length = into.size();
    if (opal::call(opal::Call::console_read, std::uint64_t{0}, &length, into.data()) != opal::success)
        return 0;
    return length;
}

void OpalPlatform::poll() {
    Be<std::uint64_t> events;
    opal::call(opal::Call::poll_events, &events);
}

std::optional<transom::partition::Moment> OpalPlatform::time_of_day() {
    // Two BCD words: year, month, day; hours, minutes, seconds and more. OPAL API, OPAL_RTC_READ.
    Be<std::uint32_t> date;
    Be<std::uint64_t> time;
    std::int64_t status = opal::busy;
    for (int tries = 0; tries < 1000 && (status == opal::busy || status == opal::busy_event); ++tries) {
        status = opal::call(opal::Call::rtc_read, &date, &time);
        poll();
    }
    if (status != opal::success)
        return std::nullopt;
    const auto bcd = [](std::uint64_t word, unsigned shift) {
        return static_cast<std::uint32_t>((word >> (shift + 4) & 0xf) * 10 + (word >> shift & 0xf));
    };
    return transom::partition::to_moment({.year = bcd(date, 24) * 100 + bcd(date, 16),
                                          .month = bcd(date, 8),
                                          .day = bcd(date, 0),
                                          .hour = bcd(time, 56),
                                          .minute = bcd(time, 48),
                                          .second = bcd(time, 40)});
}

void OpalPlatform::request_power_off() {
    // Flush what the console still buffers first.
    for (int i = 0; i < 100; ++i)
        poll();
    // Once it has accepted, it only wants to be polled; asking again floods the service processor.
    while (opal::call(opal::Call::cec_power_down, std::uint64_t{0}) == opal::success)
        for (int i = 0; i < 10'000'000; ++i)
            poll();
}

} // namespace boot
