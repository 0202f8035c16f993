// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <transom/fault/faulty_stream.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::fault {

/// A network for migration streams between the sessions and the real one, or between what seals them and that, which makes the faults of a plan. Its task tells sessions that
/// their connection is gone, and lets what was held go on.
class FaultyNetwork final : public net::Network, public partition::Task {
  public:
    explicit FaultyNetwork(net::Network& inner, Framing framing = stream_framing) : inner_(inner), framing_(framing) {}

    /// Twice at most.
    std::expected<void, net::StreamError> listen(net::InterfaceId interface, std::uint16_t port,
                                                 net::Listener& listener) override;
    std::expected<net::ByteStream*, net::StreamError> connect(net::Ipv4Address address, std::uint16_t port,
                                                              net::StreamHandler& handler) override;
    std::uint64_t run() override;

    FaultPlan& plan() { return plan_; }

  private:
    struct Port final : net::Listener {
        net::StreamHandler* accepted(net::ByteStream& stream) override;
        FaultyNetwork* network = nullptr;
        net::Listener* listener = nullptr;
    };
    FaultyStream* free_place();

    net::Network& inner_;
    Framing framing_;
    std::array<Port, 2> ports_{};
    FaultPlan plan_;
    bool held_ = false;
    std::array<FaultyStream, 24> streams_;
};

} // namespace transom::fault
