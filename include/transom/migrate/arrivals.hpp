// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <transom/migrate/target_session.hpp>

namespace transom::migrate {

/// Turns one connection away with a `busy` failure, once its sender has said something.
class TurnedAway final : public net::StreamHandler {
  public:
    bool free() const { return stream_ == nullptr; }
    void take(net::ByteStream& stream) { stream_ = &stream; }

    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason) override { stream_ = nullptr; }

  private:
    net::ByteStream* stream_ = nullptr;
};

/// Listens on the migration port: the first source gets the session, others are turned away while it is busy.
class Arrivals final : public net::Listener {
  public:
    explicit Arrivals(TargetSession& session) : session_(session) {}

    net::StreamHandler* accepted(net::ByteStream& stream) override;

  private:
    TargetSession& session_;
    std::array<TurnedAway, 4> turned_away_;
};

} // namespace transom::migrate
