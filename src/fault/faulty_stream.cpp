// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/fault/faulty_stream.hpp>
#include <utility>

namespace transom::fault {

void FaultyStream::open(FaultPlan& plan, Framing framing, net::StreamHandler& handler) {
    plan_ = &plan;
    way_.connection = plan.next_connection();
    framing_ = framing;
    handler_ = &handler;
}

void FaultyStream::open(FaultPlan& plan, Framing framing, net::ByteStream& inner) {
    plan_ = &plan;
    way_.connection = plan.next_connection();
    framing_ = framing;
    inner_ = &inner;
}

void FaultyStream::release() { *this = FaultyStream(); }

/// Looks at the header of the record that begins here. 0: the record is held.
std::size_t FaultyStream::begin_record(std::span<const std::byte> bytes) {
    const auto head = framing_(bytes);
    if (!head)
        return 0; // the rest of it comes with the next call
    if (!std::exchange(begun_, true))
        way_.channel = head->of_channel;
    action_ = plan_->at(head->type, way_);
    if (action_ == Action::hold) { // looked at anew when it may go on
        action_.reset();
        return 0;
    }
    left_ = head->size;
    until_action_ = left_ / 2;
    return left_;
}

std::size_t FaultyStream::pass(std::span<const std::byte> bytes) {
    const std::size_t taken = inner_->send(bytes);
    left_ -= taken;
    until_action_ -= std::min<std::uint64_t>(until_action_, taken);
    return taken;
}

std::size_t FaultyStream::send(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && !stopped()) {
        const auto rest = bytes.subspan(done);
        if (left_ == 0 && begin_record(rest) == 0)
            break;
        const bool due = action_ && until_action_ == 0;
        if (due && action_ != Action::corrupt) {
            break_off(action_ == Action::truncate);
            return bytes.size(); // it is all gone, for the session
        }
        const std::byte flipped = rest[0] ^ std::byte{0x10};
        const std::uint64_t up_to = action_ && !due ? until_action_ : left_;
        const std::size_t taken =
            due ? pass(std::span(&flipped, 1)) : pass(rest.first(std::min<std::uint64_t>(rest.size(), up_to)));
        if (due && taken != 0)
            action_.reset();
        done += taken;
        if (taken == 0)
            break;
    }
    return done;
}

void FaultyStream::break_off(bool in_order) {
    net::ByteStream* const inner = std::exchange(inner_, nullptr);
    broken_ = true;
    if (in_order)
        inner->close();
    else
        inner->abort();
}

void FaultyStream::deliver() {
    if (!broken_)
        return;
    net::StreamHandler* const handler = handler_;
    release();
    handler->closed(net::CloseReason::reset);
}

void FaultyStream::go_on() {
    if (!in_use() || broken_)
        return;
    inner_->resume_receive();
    handler_->sent();
}

void FaultyStream::resume_receive() {
    if (inner_ != nullptr)
        inner_->resume_receive();
}

void FaultyStream::admit() {
    if (inner_ != nullptr)
        inner_->admit();
}

std::size_t FaultyStream::received(std::span<const std::byte> bytes) {
    return plan_->holds() ? 0 : handler_->received(bytes);
}

void FaultyStream::sent() {
    if (!stopped())
        handler_->sent();
}

void FaultyStream::close() {
    net::ByteStream* const inner = inner_;
    release();
    if (inner != nullptr)
        inner->close();
}

void FaultyStream::abort() {
    net::ByteStream* const inner = inner_;
    release();
    if (inner != nullptr)
        inner->abort();
}

void FaultyStream::closed(net::CloseReason reason) {
    net::StreamHandler* const handler = handler_;
    release();
    handler->closed(reason);
}

} // namespace transom::fault
