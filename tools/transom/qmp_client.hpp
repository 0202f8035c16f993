// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "file_descriptor.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace transom::tool {

/// QEMU's machine protocol (QMP), over the unix socket that `-qmp unix:PATH,server=on,wait=off` makes. Throws Failure where there is no
/// answer in time, or an error.
class QmpClient {
  public:
    QmpClient(const std::filesystem::path& socket, Clock::time_point until);

    /// What the command returns. Events that come meanwhile are left out.
    nlohmann::json command(std::string_view name, const nlohmann::json& arguments = nlohmann::json::object());

  private:
    void send(std::string_view text, Clock::time_point until);
    nlohmann::json read_message(Clock::time_point until);
    void wait(short events, Clock::time_point until);

    FileDescriptor socket_;
    std::string received_;
};

} // namespace transom::tool
