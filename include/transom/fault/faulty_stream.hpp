// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/fault/fault.hpp>
#include <transom/fault/framing.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::fault {

/// One connection of a FaultyNetwork: a stream for the session above, the handler of the stream below. Whoever sends records begins each of
/// them with its whole header, as RecordWriter and TLS do: then the record's type is known before any of it is passed on.
class FaultyStream final : public net::ByteStream, public net::StreamHandler {
  public:
    bool in_use() const { return plan_ != nullptr; }
    /// Of a connection that is made: the stream below follows by belong_to().
    void open(FaultPlan& plan, Framing framing, net::StreamHandler& handler);
    /// Of one that was accepted: who handles it is asked for with this stream.
    void open(FaultPlan& plan, Framing framing, net::ByteStream& inner);
    void belong_to(net::ByteStream& inner) { inner_ = &inner; }
    void handled_by(net::StreamHandler& handler) { handler_ = &handler; }
    void release();
    /// Tells the session of a fault that has ended the connection.
    void deliver();
    /// What was held may go on.
    void go_on();

    std::size_t send(std::span<const std::byte> bytes) override;
    std::size_t send_space() const override { return stopped() ? 0 : inner_->send_space(); }
    void resume_receive() override;
    void close() override;
    void abort() override;
    void admit() override;
    net::Ipv4Address peer() const override { return inner_->peer(); }
    net::PeerKey peer_key() const override { return inner_->peer_key(); }

    void connected() override { handler_->connected(); }
    std::size_t received(std::span<const std::byte> bytes) override;
    void sent() override;
    bool peer_finished() override { return handler_->peer_finished(); }
    void closed(net::CloseReason reason) override;

  private:
    bool stopped() const { return broken_ || plan_->holds(); }
    std::size_t begin_record(std::span<const std::byte> bytes);
    std::size_t pass(std::span<const std::byte> bytes);
    void break_off(bool in_order);

    FaultPlan* plan_ = nullptr;
    Framing framing_ = nullptr;
    net::StreamHandler* handler_ = nullptr;
    net::ByteStream* inner_ = nullptr;
    bool begun_ = false;             // a record was sent
    Way way_;                        // a channel if the first was one of a channel's
    std::uint64_t left_ = 0;         // bytes of the record that is under way
    std::uint64_t until_action_ = 0; // of those, before the action
    std::optional<Action> action_;   // that is due in it
    bool broken_ = false;            // by a fault, and the session does not know
};

} // namespace transom::fault
