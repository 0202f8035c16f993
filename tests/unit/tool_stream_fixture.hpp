// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream_dump.hpp"
#include "written_stream.hpp"

#include <gmock/gmock.h>
#include <sstream>
#include <transom/migrate/record.hpp>

namespace transom::tool {

using Json = nlohmann::ordered_json;

/// What a dump makes of a stream.
struct Dumped {
    std::vector<Json> entries;
    Json summary;
    std::vector<StreamFault> faults;

    std::vector<std::string> types() const {
        std::vector<std::string> names;
        for (const Json& entry : entries)
            names.push_back(entry["type"]);
        return names;
    }
};

inline Dumped dumped(std::span<const std::byte> stream, bool all = false) {
    std::istringstream from(std::string(reinterpret_cast<const char*>(stream.data()), stream.size()));
    Dumped result;
    StreamDump dump(all, [&](const Json& entry) { result.entries.push_back(entry); });
    dump.read(from);
    result.summary = dump.summary();
    result.faults = dump.faults();
    return result;
}

/// A stream that is written by hand, record by record.
struct HandMade {
    template <class T> void add(migrate::RecordType type, const T& object) {
        add_bytes(type, std::as_bytes(std::span(&object, 1)));
    }
    void add_bytes(migrate::RecordType type, std::span<const std::byte> payload,
                   std::uint16_t flags = migrate::flag_mandatory) {
        starts.push_back(stream.size());
        std::ranges::copy(payload, writer.payload().begin());
        writer.finish(type, payload.size(), flags);
        test::take_written(writer, stream);
    }
    void add_page(std::uint64_t index, std::byte content) {
        std::vector<std::byte> payload(sizeof(migrate::PageRecord) + kib(4), content);
        const migrate::PageRecord page{index, ++copies};
        std::memcpy(payload.data(), &page, sizeof page);
        add_bytes(migrate::RecordType::page, payload);
        ++pages;
    }
    void add_zero(std::uint64_t first, std::uint64_t count) {
        add(migrate::RecordType::zero_pages, migrate::ZeroPagesRecord{first, count, ++copies});
        zeros += count;
    }
    void add_hello() {
        migrate::HelloRecord hello;
        hello.version = migrate::format_version;
        hello.processor_version = 0x004e1200;
        hello.mmu = 2;
        hello.table_log2 = 18;
        hello.page_sizes = 0x1011000;
        hello.memory_size = mib(16);
        hello.granule = kib(4);
        hello.vcpus = 2;
        hello.features = 1;
        std::ranges::copy(std::string_view("debian"), hello.name.begin());
        hello.function_sets = 3;
        hello.sharing = 1;
        hello.architected_version = 0x0f000005;
        add(migrate::RecordType::hello, hello);
    }
    void add_end() {
        const migrate::TotalsRecord totals{writer.records(), pages, zeros, 0, writer.digest()};
        add(migrate::RecordType::end, totals);
    }
    /// A move of a partition without anything but memory.
    void whole() {
        add_hello();
        add_page(0, std::byte{1});
        add_page(1, std::byte{2});
        add_page(7, std::byte{0});
        add_zero(2, 5);
        add(migrate::RecordType::partition, migrate::PartitionRecord{});
        add_page(1, std::byte{3});
        add_zero(8, 4088);
        add_end();
        add_bytes(migrate::RecordType::run, {});
    }

    std::vector<std::byte> buffer = std::vector<std::byte>(migrate::max_record);
    migrate::RecordWriter writer{buffer};
    std::vector<std::byte> stream;
    std::vector<std::size_t> starts;
    std::uint64_t pages = 0, zeros = 0, copies = 0;
};

} // namespace transom::tool
