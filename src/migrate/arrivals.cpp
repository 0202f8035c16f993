// SPDX-License-Identifier: Apache-2.0
#include "failure_record.hpp"
#include <transom/migrate/arrivals.hpp>
#include <transom/migrate/record_writer.hpp>
#include <utility>

namespace transom::migrate {

std::size_t TurnedAway::received(std::span<const std::byte> bytes) {
    std::array<std::byte, sizeof(RecordHeader) + sizeof(FailureRecord)> buffer;
    RecordWriter writer(buffer);
    writer.write(RecordType::failure,
                 to_record(failure(MoveError::busy, "another partition is arriving: try again when it is here")));
    net::ByteStream* stream = std::exchange(stream_, nullptr);
    writer.flush(*stream); // the first bytes of a connection find room
    stream->close();
    return bytes.size();
}

net::StreamHandler* Arrivals::accepted(net::ByteStream& stream) {
    if (!session_.busy()) {
        session_.accept(stream);
        return &session_;
    }
    for (TurnedAway& place : turned_away_)
        if (place.free()) {
            place.take(stream);
            return &place;
        }
    return nullptr;
}

} // namespace transom::migrate
