// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../platform.hpp"

#include <array>
#include <cstdint>

namespace boot::pseries {

/// The machine that another hypervisor gives us as its partition: virtual terminal and RTAS.
class PaprPlatform final : public Platform {
  public:
    /// Finds the terminal and the RTAS tokens. Before it nothing is printed.
    void init(const void* fdt);

    std::string_view machine_name() const override { return "pseries"; }
    void console_write(std::string_view text) override;
    std::size_t console_read(std::span<char> into) override;
    void poll() override {}
    std::optional<transom::partition::Moment> time_of_day() override { return std::nullopt; }
    void request_power_off() override;
    bool runs_partitions() const override { return false; }

  private:
    std::uint32_t terminal_ = 0;
    std::uint32_t power_off_token_ = 0;
    std::array<char, 16> typed_{}; // H_GET_TERM_CHAR gives up to 16 whether they are wanted or not
    std::size_t typed_begin_ = 0;
    std::size_t typed_end_ = 0;
};

} // namespace boot::pseries
