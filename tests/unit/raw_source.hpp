// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "move_fixture.hpp"
#include "written_stream.hpp"
#include <fmt/format.h>
#include <functional>
#include <transom/migrate/record_reader.hpp>

namespace transom::test {

/// One record taken out of a recorded stream.
struct Taken {
    migrate::RecordType type{};
    std::vector<std::byte> payload;
    std::uint16_t flags = migrate::flag_mandatory;

    template <class T> T as() const {
        T object;
        std::memcpy(&object, payload.data(), sizeof object);
        return object;
    }
    template <class T> void put(const T& object) { std::memcpy(payload.data(), &object, sizeof object); }
};

using Records = std::vector<Taken>;

/// A source that sends what it is told to, and reads what the target answers.
struct RawSource final : net::StreamHandler {
    net::ByteStream* stream = nullptr;
    std::vector<std::byte> buffer = std::vector<std::byte>(migrate::max_record);
    migrate::RecordReader reader{buffer};
    Records answers;
    bool over = false;
    bool deaf = false; // reads nothing

    std::size_t received(std::span<const std::byte> bytes) override {
        if (deaf)
            return 0;
        for (std::size_t at = 0; at < bytes.size();) {
            const auto fed = reader.feed(bytes.subspan(at));
            if (!fed)
                throw std::runtime_error("the target's answer is damaged");
            at += fed->consumed;
            if (fed->record)
                answers.push_back({fed->record->type, {fed->record->payload.begin(), fed->record->payload.end()}});
        }
        return bytes.size();
    }
    void closed(net::CloseReason) override { over = true; }
};

inline Records split(std::span<const std::byte> stream) {
    std::vector<std::byte> buffer(migrate::max_record);
    migrate::RecordReader reader(buffer);
    Records records;
    for (std::size_t at = 0; at < stream.size();) {
        const auto fed = reader.feed(stream.subspan(at));
        if (!fed)
            throw std::runtime_error("the recorded stream is damaged");
        at += fed->consumed;
        if (fed->record)
            records.push_back({fed->record->type, {fed->record->payload.begin(), fed->record->payload.end()}});
    }
    return records;
}

/// Makes a stream of records, with sequence numbers and checksums in order, and with an end record that counts what is
/// really there where `recount`.
inline std::vector<std::byte> join(const Records& records, bool recount = true) {
    std::vector<std::byte> buffer(migrate::max_record);
    migrate::RecordWriter writer(buffer);
    std::vector<std::byte> stream;
    migrate::TotalsRecord totals;
    for (const Taken& record : records) {
        std::vector<std::byte> payload = record.payload;
        if (record.type == migrate::RecordType::page || record.type == migrate::RecordType::packed_page ||
            record.type == migrate::RecordType::page_delta)
            totals.pages = totals.pages + 1;
        if (record.type == migrate::RecordType::zero_pages && payload.size() >= sizeof(migrate::ZeroPagesRecord))
            totals.zero_pages = totals.zero_pages + record.as<migrate::ZeroPagesRecord>().count;
        if (record.type == migrate::RecordType::page_table && payload.size() >= sizeof(migrate::TableSectionsRecord))
            totals.table_entries = totals.table_entries + (payload.size() - sizeof(migrate::TableSectionsRecord)) /
                                                              sizeof(migrate::TableEntryRecord);
        if (record.type == migrate::RecordType::end && recount) {
            totals.records = writer.records();
            totals.digest = writer.digest();
            std::memcpy(payload.data(), &totals, std::min(payload.size(), sizeof totals)); // it may be cut short
        }
        std::copy(payload.begin(), payload.end(), writer.payload().begin());
        writer.finish(record.type, payload.size(), record.flags);
        take_written(writer, stream);
    }
    return stream;
}

/// A target that is fed with recorded and forged streams.
class Forged : public Move {
  protected:
    Forged() {
        // One sound move, recorded.
        partition::Partition& p = small();
        if (!source.start(net, order(p)))
            throw std::runtime_error("start");
        settle();
        if (source.progress().state != migrate::MoveState::completed)
            throw std::runtime_error("the recorded move has failed");
        recorded = net.acceptor().history;
        records = split(recorded);
        target_control.created = target_control.started = target_control.discarded = 0;
        there.scrub();
    }

    void connect(std::size_t window) {
        raw = std::make_unique<RawSource>();
        net.ends.clear();
        net.window = window;
        raw->stream = *net.connect({1}, 7701, *raw);
        net.pump();
    }
    /// Feeds a stream to the target; what became of it is in last_error() and target_control.
    void feed(std::span<const std::byte> stream, bool then_close = true) {
        connect(stream.size() + 1);
        raw->stream->send(stream);
        settle();
        if (then_close && !raw->over) {
            raw->stream->close();
            settle();
        }
    }
    /// Why the last connection was turned away, also where it never came to a hello: as it is logged.
    migrate::MoveError last_error() const {
        constexpr std::string_view said = "migration: refused what came from the link: ";
        for (auto line = machine.log_.rbegin(); line != machine.log_.rend(); ++line) {
            const std::size_t at = line->find(said);
            if (at == std::string::npos)
                continue;
            const std::string_view rest = std::string_view(*line).substr(at + said.size());
            for (std::uint32_t i = 0; i < 100; ++i)
                if (rest.starts_with(fmt::format("{}: ", name(static_cast<migrate::MoveError>(i)))))
                    return static_cast<migrate::MoveError>(i);
        }
        return migrate::MoveError::none;
    }
    migrate::MoveError outcome(const Records& forged, bool recount = true) {
        target_control.created = target_control.started = target_control.discarded = 0;
        feed(join(forged, recount));
        const bool ran = target_control.started != 0;
        // Whatever was refused has been taken apart again.
        EXPECT_EQ(target_control.created, target_control.started + target_control.discarded);
        EXPECT_FALSE(target.busy());
        if (ran)
            there.scrub();
        return ran ? migrate::MoveError::none : last_error();
    }
    std::size_t index_of(migrate::RecordType type) const {
        for (std::size_t i = 0; i < records.size(); ++i)
            if (records[i].type == type)
                return i;
        throw std::runtime_error("no such record");
    }
    /// The recorded stream with one structure changed.
    template <class T> migrate::MoveError with(migrate::RecordType type, const std::function<void(T&)>& change) {
        Records forged = records;
        Taken& record = forged[index_of(type)];
        T object = record.as<T>();
        change(object);
        record.put(object);
        return outcome(forged, type != migrate::RecordType::end);
    }

    std::vector<std::byte> recorded;
    Records records;
    std::unique_ptr<RawSource> raw;
};

} // namespace transom::test
