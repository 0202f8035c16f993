// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/migrate/target_session.hpp>

namespace transom::migrate {

/// Listens on the migration port: the first source gets the session; while it is busy whoever comes is one more connection of that
/// source's, or is turned away.
class Arrivals final : public net::Listener {
  public:
    explicit Arrivals(TargetSession& session) : session_(session) {}

    net::StreamHandler* accepted(net::ByteStream& stream) override;

  private:
    TargetSession& session_;
};

} // namespace transom::migrate
