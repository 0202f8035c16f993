// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../platform.hpp"

namespace boot {

/// OpenPOWER firmware (skiboot): console, shutdown and its events, by OPAL calls.
class OpalPlatform final : public Platform {
  public:
    std::string_view machine_name() const override;
    void console_write(std::string_view text) override;
    std::size_t console_read(std::span<char> into) override;
    void poll() override;
    std::optional<transom::partition::Moment> time_of_day() override;
    void request_power_off() override;
    bool runs_partitions() const override { return true; }
};

} // namespace boot
