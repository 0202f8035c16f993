// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "failure_record.hpp"
#include <transom/migrate/record_writer.hpp>
#include <transom/net/byte_stream.hpp>
#include <utility>

namespace transom::migrate {

/// Ends a session's connection, if there is one, and forgets it. In order: what was accepted is still sent; otherwise the
/// peer sees a reset.
inline void end_connection(net::ByteStream*& stream, bool in_order) {
    net::ByteStream* const was = std::exchange(stream, nullptr);
    if (was == nullptr)
        return;
    if (in_order)
        was->close();
    else
        was->abort();
}

/// The same for a failure. The peer is told it where `tell`, unless a record is only half out: then a reset must do.
inline void end_connection(net::ByteStream*& stream, RecordWriter& writer, const Failure& why, bool tell) {
    const bool told = tell && stream != nullptr && !writer.pending();
    if (told) {
        writer.write(RecordType::failure, to_record(why));
        writer.flush(*stream);
    }
    end_connection(stream, told && !writer.pending());
}

} // namespace transom::migrate
