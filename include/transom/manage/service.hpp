// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <transom/base/log.hpp>
#include <transom/manage/connection.hpp>
#include <transom/net/clock.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::manage {

constexpr std::uint16_t management_port = 7700;
constexpr std::size_t max_connections = 8;

/// Listens for operators, over a network that knows them. One for whom there is no place is told so, and the connection closed. As a task it lets terminals' output
/// out.
class Service final : public net::Listener, public partition::Task {
  public:
    explicit Service(Machine& machine) : machine_(machine) {}

    net::StreamHandler* accepted(net::ByteStream& stream) override {
        std::uint32_t number = 0;
        for (Connection& connection : connections_) {
            ++number;
            if (connection.free()) {
                connection.take(stream, machine_, number);
                return &connection;
            }
        }
        static_assert(max_connections == 8);
        constexpr std::string_view no_place =
            "error busy: eight operators are connected; one of them has to leave first\n";
        log("management: one more operator is turned away: {} are connected", max_connections);
        stream.send(std::as_bytes(std::span(no_place)));
        stream.close();
        return nullptr;
    }

    /// To be called before a partition is taken apart: whoever is at its terminals gets what it has written.
    void take_last(const partition::Partition& partition) {
        for (Connection& connection : connections_)
            connection.take_last(partition);
    }

    std::uint64_t run() override {
        bool soon = false;
        for (Connection& connection : connections_)
            soon = connection.poll() || soon;
        return soon ? net::ticks_per_millisecond() : ~std::uint64_t{0};
    }

  private:
    Machine& machine_;
    std::array<Connection, max_connections> connections_;
};

} // namespace transom::manage
