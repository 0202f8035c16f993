// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include "lost_connection.hpp"
#include <algorithm>
#include <transom/base/log.hpp>
#include <transom/migrate/doubts.hpp>

namespace transom::migrate {

Doubt* Doubts::find(std::string_view name) {
    const auto at = std::ranges::find(doubts_, name, &Doubt::name);
    return at == doubts_.end() ? nullptr : at;
}

const Doubt* Doubts::find(std::string_view name) const {
    const auto at = std::ranges::find(doubts_, name, &Doubt::name);
    return at == doubts_.end() ? nullptr : at;
}

void Doubts::erase(Doubt& doubt) {
    doubt = doubts_[doubts_.size() - 1];
    doubts_.pop_back();
}

void Doubts::add(const Doubt& doubt) {
    if (find(doubt.name()) != nullptr)
        return;
    if (doubts_.empty())
        asked_at_ = rotated_at_ = control_.doubt_now(); // the connection has only just broken
    static_cast<void>(doubts_.push_back(doubt));
}

void Doubts::forget(std::string_view name) {
    Doubt* const doubt = find(name);
    if (doubt == nullptr)
        return;
    erase(*doubt);
    if (name == std::string_view(asked_.data()))
        end_connection(stream_, false);
}

std::uint64_t Doubts::step() {
    if (stream_ != nullptr) {
        writer_.flush(*stream_);
        if (control_.doubt_now() - asked_at_ >= limit_)
            give_up(MoveError::time_limit, "it does not answer");
    }
    if (doubts_.empty())
        return ~std::uint64_t{0};
    if (stream_ == nullptr && control_.doubt_now() - rotated_at_ >= second_)
        ask_next();
    return second_;
}

bool Doubts::ask(std::string_view name) {
    Doubt* const doubt = find(name);
    if (doubt == nullptr)
        return false;
    doubt->asked_now = true;
    // Who is being asked about for somebody who waits is not interrupted; another one's turn comes again.
    if (stream_ != nullptr && find(asked_.data())->asked_now)
        return true;
    end_connection(stream_, false);
    ask(*doubt);
    return true;
}

void Doubts::ask_next() {
    rotated_at_ = control_.doubt_now();
    const auto waited_for = std::ranges::find_if(doubts_, &Doubt::asked_now);
    ask(waited_for != doubts_.end() ? *waited_for : doubts_[next_++ % doubts_.size()]);
}

void Doubts::ask(Doubt& doubt) {
    asked_at_ = control_.doubt_now();
    writer_.reset();
    reader_.reset();
    asked_ = doubt.move.name;
    const auto stream = doubt.network->connect(doubt.target, doubt.port, *this);
    if (!stream)
        return give_up(MoveError::no_connection, describe(stream.error()));
    stream_ = *stream;
}

void Doubts::connected() {
    const Doubt& doubt = *find(asked_.data());
    if (stream_->peer_key() != doubt.key)
        return give_up(MoveError::other_machine, "another machine answers at its address");
    writer_.write(RecordType::again, doubt.move);
    writer_.flush(*stream_);
}

std::size_t Doubts::received(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && stream_ != nullptr) {
        const auto fed = reader_.feed(bytes.subspan(done));
        if (!fed) {
            give_up(fed.error().error, fed.error().text());
            break;
        }
        done += fed->consumed;
        if (fed->record)
            handle(*fed->record);
    }
    return bytes.size();
}

void Doubts::handle(const Record& record) {
    if (!record.mandatory)
        return;
    const auto said = record.type == RecordType::failure ? record.as<FailureRecord>() : std::nullopt;
    const Failure why = said ? from_record(*said) : Failure{};
    const bool ran = record.type == RecordType::all_here;
    if (!ran && why.error != MoveError::discarded)
        return give_up(said ? why.error : MoveError::record_order,
                       said ? why.text() : "it answers with a record that does not belong here");
    Doubt& asked = *find(asked_.data());
    const Doubt doubt = asked;
    erase(asked);
    end_connection(stream_, true);
    control_.decided(doubt, ran ? Owner::peer : Owner::here);
}

/// For now.
void Doubts::give_up(MoveError heard, std::string_view text) {
    end_connection(stream_, false);
    Doubt& doubt = *find(asked_.data());
    if (doubt.heard.error != heard)
        log("migration: {} is in doubt still, and the machine that may have it says nothing of it: {}", doubt.name(),
            text);
    doubt.heard = failure(heard, "{}", text);
    doubt.asked_now = false;
}

void Doubts::closed(net::CloseReason reason) {
    stream_ = nullptr;
    const Failure why = reason == net::CloseReason::refused
                            ? failure(MoveError::refused_connection, "nobody listens there")
                            : lost_connection(reason, "the target");
    give_up(why.error, why.text());
}

} // namespace transom::migrate
