// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <algorithm>
#include <transom/manage/connection.hpp>
#include <transom/partition/terminals.hpp>

// A connection that has become a partition's terminal: what comes is typed, what the partition writes is sent. The partition
// is looked up each time, as it may end, leave or start again while an operator watches.

namespace transom::manage {

void Connection::start_console(Request& request) {
    const auto name = request.take("partition");
    const auto terminal = request.take("terminal");
    const auto scrollback = request.take("scrollback");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "console has partition, terminal and scrollback");
    if (!name)
        return error("missing-key", "partition", "console needs partition=NAME");
    const auto number = terminal ? parse_number(*terminal) : std::optional<std::uint64_t>(0);
    if (!number)
        return error("bad-value", *terminal, "terminal is a number from 0");
    const auto wanted = scrollback && *scrollback != "no" ? parse_number(*scrollback) : std::optional<std::uint64_t>(0);
    if (!wanted)
        return error("bad-value", *scrollback, "scrollback is a number of bytes, or no");
    partition::Partition* partition = machine_->find(*name);
    if (partition == nullptr || name->size() >= console_of_.size())
        return error("no-such-partition", *name, "it does not run here: status lists the partitions");
    if (*number >= partition->terminal_count)
        return error("no-such-terminal", *terminal, "the manifest's terminals says how many there are");
    if (!partition::open_session(*partition, static_cast<std::uint32_t>(*number), number_))
        return error("busy", *name, "another connection has that terminal");
    console_of_ = {};
    std::copy(name->begin(), name->end(), console_of_.begin());
    terminal_ = static_cast<std::uint32_t>(*number);
    console_ = true;
    scrollback_left_ = std::min<std::uint64_t>(*wanted, partition::kept_of(*partition, terminal_));
    line("ok console={} terminal={} scrollback={}", *name, *number, scrollback_left_);
}

/// The partition whose terminal this connection is; null where it has gone, or has come back and another connection has the terminal.
partition::Partition* Connection::attached() {
    partition::Partition* partition = machine_->find(console_of_.data());
    if (partition == nullptr || terminal_ >= partition->terminal_count ||
        !partition::open_session(*partition, terminal_, number_))
        return nullptr;
    return partition;
}

/// What is to be sent next: first what the terminal has kept, which nothing is added to until then, as it is this connection that
/// takes what is written.
std::size_t Connection::take_output(partition::Partition& partition) {
    const std::span to{reinterpret_cast<std::uint8_t*>(out_.data()), out_.size()};
    if (scrollback_left_ == 0)
        return partition::take_written(partition, terminal_, to);
    // One that was stopped and started meanwhile has not so much to scroll back to.
    scrollback_left_ = std::min(scrollback_left_, partition::kept_of(partition, terminal_));
    const std::size_t n =
        partition::copy_kept(partition, terminal_, scrollback_left_, to.first(std::min(to.size(), scrollback_left_)));
    scrollback_left_ -= n;
    return n;
}

/// How many bytes the terminal took.
std::size_t Connection::type(std::span<const std::byte> bytes) {
    partition::Partition* partition = attached();
    if (partition == nullptr)
        return bytes.size(); // poll() ends the connection
    const std::size_t taken =
        partition::type(*partition, terminal_, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    kept_back_ = taken < bytes.size();
    return taken;
}

bool Connection::poll() {
    if (waits_for_order())
        sent();
    if (!console_ || stream_ == nullptr || !produce())
        return false;
    partition::Partition* partition = attached();
    if (partition == nullptr) {
        console_ = false;
        std::exchange(stream_, nullptr)->close();
        return false;
    }
    const std::size_t written = take_output(*partition);
    if (written != 0) {
        out_size_ = written;
        out_sent_ = 0;
        produce();
    }
    if (kept_back_ && partition::room_to_type(*partition, terminal_) != 0) {
        kept_back_ = false;
        stream_->resume_receive();
    }
    return written == out_.size() || kept_back_;
}

void Connection::take_last(const partition::Partition& partition) {
    partition::Partition* const mine = console_ && stream_ != nullptr ? attached() : nullptr;
    if (mine != &partition)
        return;
    while (produce()) {
        out_size_ = take_output(*mine);
        out_sent_ = 0;
        if (out_size_ == 0)
            return;
    }
}

void Connection::leave_console() {
    if (!std::exchange(console_, false))
        return;
    if (partition::Partition* partition = attached())
        partition::close_session(*partition, terminal_, number_);
}

} // namespace transom::manage
