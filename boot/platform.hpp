// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <transom/partition/clock.hpp>

namespace boot {

/// What differs between the machines we boot on, found once at start (OPAL firmware, or PAPR above us).
class Platform {
  public:
    /// What it calls the machine, as the management port says it: powernv9, pseries.
    virtual std::string_view machine_name() const = 0;
    /// The whole text, waiting where the device is slow.
    virtual void console_write(std::string_view text) = 0;
    /// What was typed, up to the span's size; 0 where there is nothing.
    virtual std::size_t console_read(std::span<char> into) = 0;
    /// Lets firmware do its own work; called now and then.
    virtual void poll() = 0;
    /// The time of day (UTC), where the machine has a clock.
    virtual std::optional<transom::partition::Moment> time_of_day() = 0;
    /// Asks firmware to switch the machine off; it may take a moment and some more asking.
    virtual void request_power_off() = 0;
    /// Whether partitions can run here: as a partition ourselves we have no page table or LPCR of our own to give.
    virtual bool runs_partitions() const = 0;

  protected:
    ~Platform() = default;
};

/// The platform; panics (silently: there is no console) before it is set.
Platform& platform();
/// Writes a text as a whole, whoever else writes.
void write_console(std::string_view text);
/// From now on nobody waits for the console. False where this processor had begun a panic before; never returns on another
/// one then.
bool begin_panic();

void set_platform(Platform& platform);

[[noreturn]] void power_off();

} // namespace boot
