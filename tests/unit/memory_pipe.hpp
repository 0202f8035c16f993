// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <transom/net/byte_stream.hpp>
#include <utility>
#include <vector>

namespace transom::test {

/// One end of a connection in memory. Bytes wait at the receiver until Pipe::pump() offers them.
class PipeEnd final : public net::ByteStream {
  public:
    net::StreamHandler* handler = nullptr;
    PipeEnd* other = nullptr;
    std::vector<std::byte> inbound;
    std::size_t window = 100000;
    std::uint64_t delivered = 0; // bytes that have been put into inbound in all
    bool open = true;            // the user may still use it
    bool starved = false;        // send() took less than it was given
    bool offer = false;          // inbound has not been offered since it changed
    bool peer_closed = false;    // finished, after inbound is consumed,
    bool half_closed = false;    // but the handler has something to say still
    bool peer_aborted = false;
    bool admitted = false;
    net::Ipv4Address peer_address{0x0a4d0001};
    net::PeerKey peer_has = net::PeerKey::none;
    /// The connection breaks when this many bytes have arrived here.
    std::uint64_t cut_after = std::numeric_limits<std::uint64_t>::max();
    bool cut = false;
    /// A bit of the byte that arrives after this many is another one.
    std::uint64_t flip_at = std::numeric_limits<std::uint64_t>::max();
    /// Every byte that arrived, for replays.
    std::vector<std::byte> history;

    std::size_t send(std::span<const std::byte> bytes) override {
        if (!open || cut || other->cut)
            return 0;
        const std::size_t n = std::min(bytes.size(), send_space());
        for (std::size_t i = 0; i < n; ++i) {
            if (other->delivered == other->cut_after) {
                other->cut = true;
                break;
            }
            const std::byte damage{static_cast<unsigned char>(other->delivered == other->flip_at ? 1 : 0)};
            other->inbound.push_back(bytes[i] ^ damage);
            other->history.push_back(bytes[i]);
            ++other->delivered;
        }
        if (other->delivered == other->cut_after)
            other->cut = true;
        other->offer = other->offer || n != 0;
        starved = n < bytes.size();
        return n; // accepted, even if lost on the way
    }
    std::size_t send_space() const override { return window - std::min(window, other->inbound.size()); }
    void resume_receive() override { offer = true; }
    void close() override {
        open = false;
        other->peer_closed = true;
    }
    /// No more will come from here; what the other end says still arrives.
    void finish() { other->peer_closed = true; }
    void abort() override {
        open = false;
        other->peer_aborted = true;
    }
    void admit() override { admitted = true; }
    net::Ipv4Address peer() const override { return peer_address; }
    net::PeerKey peer_key() const override { return peer_has; }

    /// Offers what waits to the handler.
    void give() {
        if (!open || handler == nullptr)
            return;
        offer = false;
        if (inbound.empty())
            return;
        const std::vector<std::byte> bytes = inbound;
        const std::size_t consumed = handler->received(bytes);
        inbound.erase(inbound.begin(), inbound.begin() + static_cast<std::ptrdiff_t>(consumed));
    }
    /// True if something happened.
    bool pump() {
        if (!open || handler == nullptr)
            return false;
        if (peer_aborted || ((cut || other->cut) && !offer)) {
            end(net::CloseReason::reset);
            return true;
        }
        if (offer) {
            give();
            return true;
        }
        if (starved && send_space() != 0) {
            starved = false;
            handler->sent();
            return true;
        }
        if (half_closed && !other->open) {
            end(net::CloseReason::reset);
            return true;
        }
        if (peer_closed && !half_closed && inbound.empty()) {
            half_closed = handler->peer_finished();
            if (open && !half_closed) {
                other->peer_closed = true;
                end(net::CloseReason::finished);
            }
            return true;
        }
        return false;
    }

  private:
    void end(net::CloseReason reason) {
        open = false;
        handler->closed(reason);
    }
};

/// A network in memory: connect() reaches the one listener, or who listens at a port of its own.
class PipeNetwork final : public net::Network {
  public:
    net::Listener* listener = nullptr;
    std::map<std::uint16_t, net::Listener*> at_port; // what listens at a port of its own
    std::vector<std::unique_ptr<PipeEnd>> ends;      // even: who connected; odd: who accepted
    std::uint64_t cut_forward = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t cut_backward = std::numeric_limits<std::uint64_t>::max();
    std::size_t window = 100000;
    net::Ipv4Address caller{0x0a4d0001};                                             // whom who accepts sees
    net::PeerKey answers_with = net::PeerKey::none, calls_with = net::PeerKey::none; // who they prove to be

    std::expected<void, net::StreamError> listen(net::InterfaceId, std::uint16_t port, net::Listener& who) override {
        if (main_port_ != 0 && port != main_port_) {
            at_port[port] = &who;
        } else {
            main_port_ = port;
            listener = &who;
        }
        return {};
    }
    std::expected<net::ByteStream*, net::StreamError> connect(net::Ipv4Address address, std::uint16_t port,
                                                              net::StreamHandler& handler) override {
        if (address.value == 0)
            return std::unexpected(net::StreamError::no_route);
        auto near = std::make_unique<PipeEnd>();
        auto far = std::make_unique<PipeEnd>();
        near->other = far.get();
        far->other = near.get();
        near->window = far->window = window;
        near->peer_address = address;
        far->peer_address = caller;
        near->peer_has = answers_with;
        far->peer_has = calls_with;
        near->cut_after = cut_backward;
        far->cut_after = cut_forward;
        near->handler = &handler;
        ends.push_back(std::move(near));
        ends.push_back(std::move(far));
        fresh_.emplace_back(ends.size() - 2, port);
        return ends[ends.size() - 2].get();
    }
    PipeEnd& connector(std::size_t connection = 0) { return *ends[2 * connection]; }
    PipeEnd& acceptor(std::size_t connection = 0) { return *ends[2 * connection + 1]; }

    /// True if something happened.
    bool pump() {
        bool moved = false;
        for (const auto& [i, port] : std::exchange(fresh_, {})) {
            moved = true;
            net::Listener* const who = at_port.contains(port) ? at_port[port] : listener;
            if (!ends[i]->open) // aborted before it was connected
                continue;
            ends[i + 1]->handler = who != nullptr ? who->accepted(*ends[i + 1]) : nullptr;
            if (ends[i + 1]->handler == nullptr && ends[i + 1]->open) {
                ends[i]->open = ends[i + 1]->open = false;
                ends[i]->handler->closed(net::CloseReason::refused);
            } else {
                ends[i]->handler->connected();
            }
        }
        for (std::size_t i = 0; i < ends.size(); ++i)
            moved = ends[i]->pump() || moved;
        return moved;
    }

  private:
    std::vector<std::pair<std::size_t, std::uint16_t>> fresh_;
    std::uint16_t main_port_ = 0; // the listener's
};

} // namespace transom::test
