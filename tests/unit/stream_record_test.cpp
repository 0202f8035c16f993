// SPDX-License-Identifier: Apache-2.0
#include "written_stream.hpp"

#include <arch/fake_machine.hpp>
#include <cstring>
#include <gmock/gmock.h>
#include <random>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/record_reader.hpp>
#include <vector>

namespace transom::migrate {
namespace {

using Stream = std::vector<std::byte>;

struct Piece {
    RecordType type;
    Stream payload;
    bool operator==(const Piece&) const = default;
};

/// What a reader makes of a stream that comes in one piece.
struct Read {
    std::vector<Piece> pieces;
    MoveError error = MoveError::none;
    std::uint64_t digest = 0;
};

TEST(MoveLimits, FollowTheTimeBase) {
    for (const std::uint64_t frequency : {512'000'000u, 1'000'000'000u, 31'250'000u}) {
        const Limits limits(frequency);
        EXPECT_EQ(limits.first_record, 10 * frequency);
        EXPECT_EQ(limits.silence, 30 * frequency);
        EXPECT_EQ(limits.step * 2000, frequency);
        EXPECT_EQ(limits.receive * 5000, frequency);
    }
}

class StreamRecord : public testing::Test {
  protected:
    StreamRecord() {
        std::mt19937_64 random(7);
        for (const std::size_t size :
             {std::size_t{96}, std::size_t{0}, std::size_t{8}, std::size_t{300}, std::size_t{40}}) {
            Piece piece{static_cast<RecordType>(1 + pieces.size()), Stream(size)};
            for (std::byte& b : piece.payload)
                b = static_cast<std::byte>(random());
            pieces.push_back(piece);
            starts.push_back(stream.size());
            writer.write_bytes(piece.type, piece.payload);
            test::take_written(writer, stream);
        }
        starts.push_back(stream.size());
    }

    Read read(const Stream& from, std::size_t chunk = ~std::size_t{0}) {
        Stream buffer(sizeof(RecordHeader) + 300);
        RecordReader reader(buffer);
        Read result;
        for (std::size_t at = 0; at < from.size();) {
            const auto fed = reader.feed(std::span(from).subspan(at, std::min(chunk, from.size() - at)));
            if (!fed) {
                result.error = fed.error().error;
                return result;
            }
            at += fed->consumed;
            if (fed->record)
                result.pieces.push_back(
                    {fed->record->type, Stream(fed->record->payload.begin(), fed->record->payload.end())});
        }
        result.digest = reader.digest();
        return result;
    }
    Stream cut_out(std::size_t record) const {
        return {stream.begin() + starts[record], stream.begin() + starts[record + 1]};
    }

    Stream writer_buffer = Stream(max_record);
    RecordWriter writer{writer_buffer};
    std::vector<Piece> pieces;
    std::vector<std::ptrdiff_t> starts;
    Stream stream;
};

TEST(Checksum, IsXxh64) {
    EXPECT_EQ(xxh64({}), 0xef46db3751d8e999);
    EXPECT_EQ(xxh64(std::as_bytes(std::span("abc", 3))), 0x44bc2cf5ad770999);
}

TEST_F(StreamRecord, LooksLikeThePageSays) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(stream.data() + starts[2]);
    EXPECT_EQ(std::vector<std::uint8_t>(bytes, bytes + 16),
              (std::vector<std::uint8_t>{'T', 'R', 'N', 'S', 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2}));
    EXPECT_EQ(load_be<std::uint64_t>(stream.data() + starts[2] + 16), xxh64(pieces[2].payload));
    EXPECT_EQ(load_be<std::uint32_t>(stream.data() + starts[2] + 24), 8u);
    EXPECT_EQ(load_be<std::uint32_t>(stream.data() + starts[2] + 28),
              static_cast<std::uint32_t>(xxh64(std::span(stream).subspan(starts[2], 28))));
}

TEST_F(StreamRecord, ComesBackInAnyPortions) {
    for (const std::size_t chunk : {1, 2, 3, 31, 32, 33, 100, 100000}) {
        const Read result = read(stream, chunk);
        EXPECT_EQ(result.error, MoveError::none);
        EXPECT_EQ(result.pieces, pieces);
        EXPECT_EQ(result.digest, writer.digest());
    }
}

TEST_F(StreamRecord, EveryDamagedByteIsFoundBeforeItsRecordIsSeen) {
    for (std::size_t at = 0; at < stream.size(); ++at)
        for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
            Stream damaged = stream;
            damaged[at] ^= static_cast<std::byte>(flip);
            const Read result = read(damaged);
            std::size_t record = 0;
            while (starts[record + 1] <= static_cast<std::ptrdiff_t>(at))
                ++record;
            ASSERT_EQ(result.error, at < 4 ? MoveError::not_a_transom : MoveError::damaged_record) << at;
            ASSERT_EQ(result.pieces, std::vector(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(record)))
                << at;
        }
}

TEST_F(StreamRecord, EveryTruncationShowsWholeRecordsOnly) {
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        const Read result = read({stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size)});
        std::size_t whole = 0;
        while (whole < pieces.size() && starts[whole + 1] <= static_cast<std::ptrdiff_t>(size))
            ++whole;
        ASSERT_EQ(result.error, MoveError::none);
        ASSERT_EQ(result.pieces.size(), whole);
    }
}

TEST_F(StreamRecord, EveryDroppedRepeatedOrSwappedRecordIsFound) {
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        Stream dropped, repeated, swapped;
        for (std::size_t k = 0; k < pieces.size(); ++k) {
            const auto append = [&](Stream& to, std::size_t record) {
                const Stream bytes = cut_out(record);
                to.insert(to.end(), bytes.begin(), bytes.end());
            };
            if (k != i)
                append(dropped, k);
            append(repeated, k);
            if (k == i)
                append(repeated, k);
            append(swapped, k == i ? i + 1 : k == i + 1 ? i : k);
        }
        EXPECT_EQ(read(dropped).error, MoveError::sequence);
        EXPECT_EQ(read(repeated).error, MoveError::sequence);
        EXPECT_EQ(read(swapped).error, MoveError::sequence);
        EXPECT_EQ(read(repeated).pieces.size(), i + 1);
    }
}

TEST_F(StreamRecord, RefusesWhatIsLargerThanItsBufferAndUnknownFlags) {
    writer.write_bytes(RecordType::terminal, Stream(301));
    test::take_written(writer, stream);
    EXPECT_EQ(read(stream).error, MoveError::record_length);
    stream.resize(static_cast<std::size_t>(starts.back()));
    RecordWriter other(writer_buffer);
    writer.reset();
    writer.finish(RecordType::hello, 0, 3);
    stream.clear();
    test::take_written(writer, stream);
    EXPECT_EQ(read(stream).error, MoveError::record_content);
}

TEST_F(StreamRecord, ARequestOfAnotherProtocolIsNamed) {
    const std::string_view request = "GET / HTTP/1.1\r\nHost: machine\r\n\r\n";
    const auto bytes = std::as_bytes(std::span(request));
    EXPECT_EQ(read({bytes.begin(), bytes.end()}).error, MoveError::not_a_transom);
}

} // namespace
} // namespace transom::migrate
