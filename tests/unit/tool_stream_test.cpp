// SPDX-License-Identifier: Apache-2.0
// What `transom stream dump` makes of migration streams, sound ones and others.
#include "tool_stream_fixture.hpp"

#include "commands.hpp"
#include "failure.hpp"
#include "stream_text.hpp"
#include "temporary_directory.hpp"

#include <fstream>
#include <random>

namespace transom::tool {
namespace {

using migrate::RecordType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ToolStream, GranulesThatFollowEachOtherAreOneEntry) {
    HandMade made;
    made.whole();
    const Dumped seen = dumped(made.stream);
    EXPECT_THAT(seen.faults, IsEmpty()) << seen.faults.front().what;
    EXPECT_THAT(seen.types(),
                ElementsAre("hello", "page", "page", "zero_pages", "partition", "page", "zero_pages", "end", "run"));
    EXPECT_EQ(seen.entries[1]["fields"], (Json{{"granules", "0..1"}, {"kind", "data"}}));
    EXPECT_EQ(seen.entries[1]["records"], 2);
    EXPECT_EQ(seen.entries[1]["sequence"], 1);
    EXPECT_EQ(seen.entries[1]["offset"], made.starts[1]);
    EXPECT_EQ(seen.entries[1]["length"], 2 * (kib(4) + 16));
    EXPECT_EQ(seen.entries[2]["fields"]["granules"], "7..7");
    EXPECT_EQ(seen.entries[3]["fields"], (Json{{"granules", "2..6"}, {"kind", "zero"}}));
    EXPECT_EQ(seen.entries[6]["fields"]["granules"], "8..4095");
    const Json& granules = seen.summary["granules"];
    EXPECT_EQ(granules, (Json{{"granules", 4096},
                              {"data", 3},
                              {"zero", 4093},
                              {"unsent", 0},
                              {"resends", 1},
                              {"granules_sent_again", 1},
                              {"sent_after_the_stop", 4089},
                              {"zero_in_full", 1}}));
    EXPECT_EQ(seen.summary["bytes"], made.stream.size());
    EXPECT_EQ(seen.summary["by_type"]["page"], (Json{{"records", 4}, {"bytes", 4 * (kib(4) + 16 + 32)}}));
}

TEST(ToolStream, EachGranuleIsAnEntryWhereItIsAskedFor) {
    HandMade made;
    made.whole();
    const Dumped seen = dumped(made.stream, true);
    EXPECT_THAT(seen.faults, IsEmpty());
    ASSERT_EQ(seen.entries.size(), made.starts.size());
    EXPECT_EQ(seen.entries[2]["fields"], (Json{{"granule", 1}, {"order", 2}, {"bytes", 4096}}));
    EXPECT_EQ(seen.summary, dumped(made.stream).summary);
}

TEST(ToolStream, EveryTruncationShowsWhatWasGoodBeforeIt) {
    HandMade made;
    made.whole();
    std::vector<std::size_t> sizes = made.starts;
    for (std::size_t size = 0; size < made.stream.size(); size += 13)
        sizes.push_back(size);
    for (const std::size_t size : sizes) {
        const Dumped seen = dumped(std::span(made.stream).first(size), true);
        std::size_t whole = 0;
        while (whole + 1 < made.starts.size() && made.starts[whole + 1] <= size)
            ++whole;
        ASSERT_EQ(seen.entries.size(), whole) << size;
        ASSERT_EQ(seen.faults.size(), 1u) << size;
        ASSERT_EQ(seen.faults[0].offset, made.starts[whole]) << size;
        if (size == 0) {
            EXPECT_EQ(seen.faults[0].what, "there is nothing in it");
        } else if (size == made.starts[whole]) {
            EXPECT_EQ(seen.faults[0].what, "it ends before the move does");
        } else {
            EXPECT_THAT(seen.faults[0].what, HasSubstr("it ends within"));
        }
    }
}

TEST(ToolStream, BehindADamagedPayloadItGoesOn) {
    HandMade made;
    made.whole();
    made.stream[made.starts[2] + 100] ^= std::byte{4};
    const Dumped seen = dumped(made.stream);
    ASSERT_FALSE(seen.faults.empty());
    EXPECT_EQ(seen.faults[0].offset, made.starts[2]);
    EXPECT_EQ(seen.faults[0].what, "page: the payload's checksum is wrong");
    EXPECT_EQ(seen.entries.back()["type"], "run");
    EXPECT_EQ(seen.entries[2]["checksum"], "wrong");
    EXPECT_EQ(seen.entries[1]["checksum"], "right");
    EXPECT_FALSE(seen.entries[2].contains("fields"));
    EXPECT_EQ(seen.faults.size(), 2u);
    EXPECT_EQ(seen.faults[1].what, "end: granules in full: 4 by this record, 3 by those before it");
}

TEST(ToolStream, BehindADamagedHeaderNothingCanBeFound) {
    for (const std::size_t byte : {4u, 9u, 17u, 25u, 31u}) {
        HandMade made;
        made.whole();
        made.stream[made.starts[3] + byte] ^= std::byte{1};
        const Dumped seen = dumped(made.stream, true);
        ASSERT_EQ(seen.faults.size(), 1u);
        EXPECT_EQ(seen.faults[0].offset, made.starts[3]);
        EXPECT_EQ(seen.faults[0].what, "the header's checksum is wrong");
        EXPECT_EQ(seen.entries.size(), 3u);
    }
    HandMade made;
    made.whole();
    made.stream[made.starts[3]] = std::byte{'X'};
    EXPECT_EQ(dumped(made.stream).faults[0].what, "no record begins here");
    made.stream[0] = std::byte{'X'};
    EXPECT_EQ(dumped(made.stream).faults[0].what, "it does not begin as a migration stream does");
}

TEST(ToolStream, RecordsThatAreMissingOrTwiceAreNamed) {
    HandMade made;
    made.whole();
    std::vector<std::byte> without(made.stream);
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(made.starts[2]),
                  without.begin() + static_cast<std::ptrdiff_t>(made.starts[3]));
    const Dumped seen = dumped(without);
    ASSERT_FALSE(seen.faults.empty());
    EXPECT_EQ(seen.faults[0].offset, made.starts[2]);
    EXPECT_EQ(seen.faults[0].what, "page: sequence 3 where 2 belongs");
    EXPECT_THAT(seen.faults.back().what, HasSubstr("end: the stream digest is 0x"));
}

TEST(ToolStream, WhatARecordMayNotHoldIsSaid) {
    HandMade made;
    made.add_hello();
    made.add_zero(4000, 97);
    made.add_zero(1, 0);
    made.add_bytes(RecordType::ping, std::vector<std::byte>(7));
    migrate::JoinRecord joins;
    joins.zero = 1;
    made.add(RecordType::join, joins);
    made.add_bytes(static_cast<RecordType>(77), std::vector<std::byte>(5), 0);
    made.add_bytes(RecordType::page_table, std::vector<std::byte>(sizeof(migrate::TableSectionsRecord) + 50));
    migrate::VcpuRecord vcpu;
    vcpu.spr_count = 2;
    made.add(RecordType::vcpu, vcpu);
    migrate::TerminalRecord terminal;
    terminal.output = 0xffffffff;
    terminal.input = 1;
    made.add(RecordType::terminal, terminal);
    migrate::FailureRecord failure;
    failure.error = 32;
    made.add(RecordType::failure, failure);
    const Dumped seen = dumped(made.stream);
    std::vector<std::string> what;
    for (const StreamFault& fault : seen.faults)
        what.push_back(fault.what);
    EXPECT_THAT(what,
                ElementsAre("zero_pages: granules beyond the partition's memory", "zero_pages: a run of no granules",
                            "ping: 7 bytes, where ping has 8", "join: a field that must be zero is not",
                            "page_table: no sections", "page_table: 50 bytes are no whole number of entries",
                            "page_table: slots that do not ascend", "page_table: slots that are not in its sections",
                            "vcpu: it says that it has 2 special purpose registers, and has 0",
                            "terminal: it says that 4294967296 bytes follow, and 0 do",
                            "failure: error 32 is busy in docs/stream.md"));
    EXPECT_EQ(seen.entries[5]["type"], "type 77");
    EXPECT_EQ(seen.entries[5]["mandatory"], false);
}

TEST(ToolStream, WhateverIsInRecordsIsWrittenDown) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 400; ++round) {
        HandMade made;
        if (round % 3 == 0)
            made.add_hello();
        for (int i = 0; i < 4; ++i) {
            std::vector<std::byte> payload(random() % 3 == 0 ? random() % 3000 : random() % 200);
            for (std::byte& b : payload)
                b = static_cast<std::byte>(random() % 5 == 0 ? random() : 0);
            made.add_bytes(static_cast<RecordType>(1 + random() % 20), payload,
                           static_cast<std::uint16_t>(random() % 3));
        }
        const Dumped seen = dumped(made.stream, random() % 2 == 0);
        for (const Json& entry : seen.entries) {
            EXPECT_FALSE(stream_text(entry).empty());
            EXPECT_FALSE(entry.dump(-1, ' ', false, Json::error_handler_t::replace).empty());
        }
        EXPECT_FALSE(stream_text_summary(seen.summary).empty());
        EXPECT_EQ(seen.summary["records"], 4 + (round % 3 == 0 ? 1 : 0));
    }
}

TEST(ToolStream, FaultsAreCountedAndTheFirstAreKept) {
    HandMade made;
    for (std::size_t i = 0; i < StreamDump::kept_faults + 50; ++i)
        made.add_bytes(RecordType::ping, {});
    const Dumped seen = dumped(made.stream);
    EXPECT_EQ(seen.faults.size(), StreamDump::kept_faults);
    EXPECT_EQ(seen.entries.size(), StreamDump::kept_faults + 50);
}

TEST(ToolStream, TheReportIsWrittenAlsoOfAStreamThatIsNotSound) {
    const TemporaryDirectory directory;
    HandMade made;
    made.whole();
    const auto write = [&](std::size_t size) {
        std::ofstream(directory.path() / "stream", std::ios::binary)
            .write(reinterpret_cast<const char*>(made.stream.data()), static_cast<std::streamsize>(size));
    };
    const auto report = [&] { return Json::parse(std::ifstream(directory.path() / "json")); };
    StreamDumpOptions options{.file = directory.path() / "stream", .json = directory.path() / "json"};
    write(made.stream.size());
    testing::internal::CaptureStdout();
    EXPECT_EQ(stream_dump(options), 0);
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_THAT(text, HasSubstr("partition"));
    EXPECT_THAT(text, HasSubstr("4096 granules: 3 data, 4093 zero, 0 not sent"));
    EXPECT_EQ(report()["result"], "ok");
    EXPECT_EQ(report()["entries"].size(), 9u);
    EXPECT_THAT(report()["faults"], IsEmpty());

    write(made.starts[4] + 40);
    testing::internal::CaptureStdout();
    try {
        stream_dump(options);
        ADD_FAILURE() << "it is not all there";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr(fmt::format("at offset {:#x}: it ends within the payload of a zero_pages "
                                                          "record: 8 of 24 bytes",
                                                          made.starts[4])));
    }
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("page x 2"));
    EXPECT_EQ(report()["result"], "failed");
    EXPECT_EQ(report()["faults"][0]["offset"], made.starts[4]);
    EXPECT_EQ(report()["entries"].size(), 3u);

    options.file = directory.path() / "nothing";
    EXPECT_THROW(stream_dump(options), Failure);
}

} // namespace
} // namespace transom::tool
