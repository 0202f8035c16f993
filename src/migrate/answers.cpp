// SPDX-License-Identifier: Apache-2.0
#include "failure_record.hpp"
#include <transom/migrate/answers.hpp>
#include <transom/migrate/record_writer.hpp>
#include <utility>

namespace transom::migrate {

void Answer::take(net::ByteStream& stream, const MoveOutcomes& outcomes) {
    if (net::ByteStream* const before = std::exchange(stream_, &stream))
        before->abort();
    outcomes_ = &outcomes;
    reader_.reset();
}

std::size_t Answer::received(std::span<const std::byte> bytes) {
    const auto fed = reader_.feed(bytes);
    if (!fed)
        std::exchange(stream_, nullptr)->abort();
    else if (fed->record)
        answer(*fed->record);
    return bytes.size();
}

void Answer::answer(const Record& record) {
    std::array<std::byte, sizeof(RecordHeader) + sizeof(FailureRecord)> buffer;
    RecordWriter writer(buffer);
    const auto again = record.type == RecordType::again ? record.as<AgainRecord>() : std::nullopt;
    const auto outcome = again ? outcomes_->find(*again, stream_->peer_key()) : std::nullopt;
    const auto refuse = [&](MoveError error, std::string_view text) {
        writer.write(RecordType::failure, to_record(failure(error, "{}", text)));
    };
    if (!again)
        refuse(MoveError::record_order, "here one asks what has become of a move");
    else if (!outcome)
        refuse(MoveError::no_such_partition, "nothing is known here of that move");
    else if (*outcome == MoveOutcome::destroyed)
        refuse(MoveError::discarded, "it has been destroyed here, and has not run");
    else
        writer.write_bytes(RecordType::all_here, {});
    net::ByteStream* const stream = std::exchange(stream_, nullptr);
    writer.flush(*stream); // the first bytes of a connection find room
    stream->close();
}

net::StreamHandler* Answers::accepted(net::ByteStream& stream) {
    Answer& place = places_[next_++ % places_.size()];
    place.take(stream, outcomes_);
    return &place;
}

} // namespace transom::migrate
