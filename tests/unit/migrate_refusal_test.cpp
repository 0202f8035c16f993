// SPDX-License-Identifier: Apache-2.0
#include "../../src/migrate/failure_record.hpp"
#include "raw_source.hpp"

namespace transom::test {
namespace {

using namespace migrate; // records and errors, the subject of all of this

TEST_F(Forged, TheRecordedStreamRunsAndSoDoesOneWithAnOptionalUnknownRecord) {
    EXPECT_EQ(outcome(records), MoveError::none);
    ASSERT_EQ(raw->answers.back().type, RecordType::running);
    Records forged = records;
    forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(RecordType::page)), {RecordType{99}, {}, 0});
    EXPECT_EQ(outcome(forged), MoveError::none);
    forged[index_of(RecordType::page)].flags = flag_mandatory;
    EXPECT_EQ(outcome(forged), MoveError::unknown_record);
    EXPECT_EQ(raw->answers.back().type, RecordType::failure);
}

TEST_F(Forged, ASignOfLifeComesBetweenTheHelloAndTheEnd) {
    const auto at = [&](RecordType type, std::size_t bytes) {
        Records forged = records;
        forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(type)),
                      {RecordType::working, std::vector<std::byte>(bytes), 0});
        return outcome(forged);
    };
    EXPECT_EQ(at(RecordType::page_table, 0), MoveError::none);
    EXPECT_EQ(at(RecordType::page_table, 1), MoveError::record_length);
    EXPECT_EQ(at(RecordType::partition, 0), MoveError::none);
    EXPECT_EQ(at(RecordType::hello, 0), MoveError::record_order);
    EXPECT_EQ(at(RecordType::run, 0), MoveError::record_order);
}

// It is what ends a check, and nothing else.
TEST_F(Forged, WhoHasBegunToMoveWantsToKnowMore) {
    const auto at = [&](RecordType type) {
        Records forged = records;
        const auto wanted = to_record(failure(MoveError::checked, "the source only wanted to know"));
        Taken said{RecordType::failure, std::vector<std::byte>(sizeof wanted)};
        said.put(wanted);
        forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(type)), said);
        return outcome(forged);
    };
    at(RecordType::ping);
    EXPECT_EQ(target.progress().state, MoveState::checked);
    EXPECT_EQ(at(RecordType::partition), MoveError::record_order);
    EXPECT_EQ(at(RecordType::page_table), MoveError::record_order);
    EXPECT_EQ(target.progress().state, MoveState::failed);
    EXPECT_EQ(at(RecordType::run), MoveError::record_order);
}

TEST_F(Forged, EveryRecordThatIsLeftOutIsMissed) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const RecordType type = records[i].type;
        Records forged = records;
        forged.erase(forged.begin() + static_cast<std::ptrdiff_t>(i));
        const MoveError error = outcome(forged);
        switch (type) {
        case RecordType::ping: // how many there are is the source's affair
            EXPECT_EQ(error, MoveError::none);
            break;
        case RecordType::hello:
        case RecordType::partition:
        case RecordType::end:
            EXPECT_EQ(error, MoveError::record_order) << static_cast<int>(type);
            break;
        case RecordType::run:
            EXPECT_EQ(error, MoveError::connection_lost);
            break;
        default:
            EXPECT_EQ(error, MoveError::incomplete) << static_cast<int>(type);
        }
        // With the end record of the whole stream nothing goes unnoticed.
        if (type != RecordType::run) {
            EXPECT_NE(outcome(forged, false), MoveError::none) << static_cast<int>(type);
        }
    }
}

TEST_F(Forged, EveryRecordThatComesTwiceIsRefused) {
    for (std::size_t i = 0; i < records.size(); ++i) {
        const RecordType type = records[i].type;
        Records forged = records;
        forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(i), records[i]);
        const MoveError error = outcome(forged);
        if (type == RecordType::ping || type == RecordType::run) // a second run is behind the end of the conversation
            EXPECT_EQ(error, MoveError::none);
        else if (type == RecordType::page || type == RecordType::zero_pages)
            EXPECT_EQ(error, MoveError::none); // the last one counts
        else
            EXPECT_EQ(error, MoveError::record_order) << static_cast<int>(type);
    }
}

TEST_F(Forged, EveryRecordThatIsTooShortOrTooLongIsRefused) {
    for (std::size_t i = 0; i < records.size(); ++i)
        for (const bool longer : {false, true}) {
            Records forged = records;
            if (!longer && forged[i].payload.empty())
                continue;
            forged[i].payload.resize(forged[i].payload.size() + (longer ? 1 : -1));
            EXPECT_EQ(outcome(forged), MoveError::record_length) << static_cast<int>(records[i].type) << longer;
        }
}

TEST_F(Forged, RefusesFieldsThatCanNotBe) {
    EXPECT_EQ(with<PageRecord>(RecordType::page, [](auto& r) { r.index = 4096; }), MoveError::page_range);
    EXPECT_EQ(with<PageRecord>(RecordType::page, [](auto& r) { r.index = ~std::uint64_t{0}; }), MoveError::page_range);
    EXPECT_EQ(with<ZeroPagesRecord>(RecordType::zero_pages, [](auto& r) { r.count = 0; }), MoveError::record_content);
    for (const std::uint64_t order : {std::uint64_t{0}, last_order + 1}) {
        EXPECT_EQ(with<PageRecord>(RecordType::page, [=](auto& r) { r.order = order; }), MoveError::record_content);
        EXPECT_EQ(with<ZeroPagesRecord>(RecordType::zero_pages, [=](auto& r) { r.order = order; }),
                  MoveError::record_content);
    }
    EXPECT_EQ(with<ZeroPagesRecord>(RecordType::zero_pages, [](auto& r) { r.count = ~std::uint64_t{0}; }),
              MoveError::page_range);
    EXPECT_EQ(with<ZeroPagesRecord>(RecordType::zero_pages, [](auto& r) { r.count = r.count - 1; }),
              MoveError::incomplete);
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.index = 1; }), MoveError::record_content);
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.state = 4; }), MoveError::record_content);
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.alternate_location = 1; }), MoveError::record_content);
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.msr = r.msr | 0x1000000000000000; }),
              MoveError::record_content); // hypervisor state
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.spr_count = 0xffffffff; }), MoveError::record_length);
    EXPECT_EQ(with<AreasRecord>(RecordType::areas, [](auto& r) { r.vcpu = 8; }), MoveError::record_content);
    EXPECT_EQ(with<AreasRecord>(RecordType::areas, [](auto& r) { r.vpa.begin = mib(16) - 1; }),
              MoveError::record_content);
    EXPECT_EQ(with<InterruptsRecord>(RecordType::interrupts, [](auto& r) { r.count = 31; }), MoveError::record_content);
    EXPECT_EQ(with<VcpuRecord>(RecordType::vcpu, [](auto& r) { r.pending = 2; }), MoveError::record_content);
    EXPECT_EQ(with<TerminalRecord>(RecordType::terminal, [](auto& r) { r.index = 3; }), MoveError::record_content);
    EXPECT_EQ(with<TerminalRecord>(RecordType::terminal, [](auto& r) { r.index = 1; }), MoveError::record_order);
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.terminals = 0; }),
              MoveError::record_content);
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.terminals = 5; }),
              MoveError::record_content);
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.terminals = 4; }),
              MoveError::record_content); // the interrupt source of the fourth is none
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.rights = 4; }), MoveError::record_content);
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.clock_seconds = 253'402'300'800; }),
              MoveError::record_content); // after the year 9999
    EXPECT_EQ(with<TerminalRecord>(RecordType::terminal, [](auto& r) { r.output = 4097; }), MoveError::record_content);
    EXPECT_EQ(with<TerminalRecord>(RecordType::terminal, [](auto& r) { r.input = r.input + 1; }),
              MoveError::record_length);
    EXPECT_EQ(with<PartitionRecord>(RecordType::partition, [](auto& r) { r.vcpus = 2; }), MoveError::record_content);
    EXPECT_EQ(with<ClockRecord>(RecordType::clock, [](auto& r) { r.zero = 1; }), MoveError::record_content);
    for (const auto field : {&TotalsRecord::records, &TotalsRecord::pages, &TotalsRecord::zero_pages,
                             &TotalsRecord::table_entries, &TotalsRecord::digest})
        EXPECT_EQ(with<TotalsRecord>(RecordType::end, [&](auto& r) { r.*field = r.*field + 1; }), MoveError::totals);
}

TEST_F(Forged, EachThingThatMustAgreeIsRefusedByItsName) {
    const auto hello = [&](auto change) { return with<HelloRecord>(RecordType::hello, change); };
    const auto expect = [&](MoveError error, std::string_view called, auto change) {
        EXPECT_EQ(hello(change), error) << called;
        EXPECT_EQ(name(error), called);
        EXPECT_EQ(target.progress().state, MoveState::refused) << called;
        EXPECT_THAT(std::string(target.progress().failure.text()), testing::HasSubstr(std::string(called)));
        EXPECT_EQ(target_control.created, 0u);
        ASSERT_EQ(raw->answers.size(), 1u);
        EXPECT_EQ(raw->answers[0].type, RecordType::failure);
        EXPECT_EQ(raw->answers[0].as<FailureRecord>().error, static_cast<std::uint32_t>(error));
        EXPECT_EQ(std::string(raw->answers[0].as<FailureRecord>().name.data()), called);
    };
    using H = HelloRecord;
    expect(MoveError::format_version, "format-version", [](H& h) { h.version = format_version + 1; });
    expect(MoveError::processor_version, "processor-version", [](H& h) { h.processor_version = 0x004e1202; });
    expect(MoveError::processor_version, "processor-version", [](H& h) { h.architected_version = 0x0f000006; });
    expect(MoveError::processor_version, "processor-version", [](H& h) {
        h.suffices = suffices_same_generation;
        h.processor_version = 0x00801200;
        h.architected_version = 0x0f000006;
    });
    EXPECT_EQ(hello([](H& h) {
                  h.suffices = suffices_same_generation;
                  h.processor_version = 0x004e1202;
              }),
              MoveError::none);
    EXPECT_EQ(hello([](H& h) { h.suffices = 2; }), MoveError::record_content);
    expect(MoveError::mmu, "mmu", [](H& h) { h.mmu = 1; });
    expect(MoveError::table_size, "table-size", [](H& h) { h.table_log2 = 17; });
    expect(MoveError::table_size, "table-size", [](H& h) { h.table_log2 = 37; });
    expect(MoveError::page_sizes, "page-sizes", [](H& h) { h.page_sizes = 0x11000; });
    expect(MoveError::timebase_frequency, "timebase-frequency", [](H& h) { h.timebase_frequency = 500000000; });
    expect(MoveError::initial_state, "initial-state", [](H& h) { h.initial_msr = 0x1000; });
    expect(MoveError::memory_size, "memory-size", [](H& h) { h.memory_size = mib(17); });
    expect(MoveError::memory_size, "memory-size", [](H& h) { h.memory_size = 0; });
    expect(MoveError::memory_size, "memory-size", [](H& h) { h.memory_size = gib(64) + mib(16); });
    expect(MoveError::granule, "granule", [](H& h) { h.granule = kib(16); });
    expect(MoveError::granule, "granule", [](H& h) { h.granule = 0; });
    expect(MoveError::virtual_processors, "virtual-processors", [](H& h) { h.vcpus = 0; });
    expect(MoveError::virtual_processors, "virtual-processors", [](H& h) { h.vcpus = 9; });
    expect(MoveError::partition_name, "partition-name", [](H& h) { h.name = {}; });
    expect(MoveError::partition_name, "partition-name", [](H& h) { h.name.fill('x'); });
    expect(MoveError::partition_name, "partition-name", [](H& h) { h.name[0] = '\n'; });
    EXPECT_EQ(hello([](H& h) { h.features = all_features + 1; }), MoveError::record_content);
    EXPECT_EQ(hello([](H& h) { h.features = all_features; }),
              MoveError::none); // the machine, not hello's form, decides
    expect(MoveError::entitled_capacity, "entitled-capacity", [](H& h) { h.entitled_capacity = 4; });
    expect(MoveError::entitled_capacity, "entitled-capacity", [](H& h) { h.entitled_capacity = 100 * h.vcpus + 1; });
    EXPECT_EQ(hello([](H& h) { h.capacity_weight = 256; }), MoveError::record_content);
    EXPECT_EQ(hello([](H& h) { h.sharing = 8; }), MoveError::record_content);
    EXPECT_EQ(hello([](H& h) { h.sharing = sharing_donating; }), MoveError::record_content) << "what is not dedicated";
    EXPECT_EQ(hello([](H& h) { h.definition = definition_by_operator; }), MoveError::record_content) << "of none";
    EXPECT_EQ(hello([](H& h) { h.definition_digest = 1; }), MoveError::record_content);
    EXPECT_EQ(hello([](H& h) {
                  h.definition_size = 1;
                  h.definition = 2;
              }),
              MoveError::record_content);
    const auto dedicated = [](H& h) {
        h.entitled_capacity = 100 * h.vcpus;
        h.capacity_weight = 0;
        h.sharing = sharing_capped | sharing_dedicated;
    };
    EXPECT_EQ(hello(dedicated), MoveError::none);
    for (const auto& wrong : std::initializer_list<std::function<void(H&)>>{
             [](H& h) { h.entitled_capacity = 100 * h.vcpus - 1; }, [](H& h) { h.capacity_weight = 1; },
             [](H& h) { h.sharing = sharing_dedicated; }})
        EXPECT_EQ(hello([&](H& h) {
                      dedicated(h);
                      wrong(h);
                  }),
                  MoveError::record_content);
    EXPECT_EQ(hello([](H& h) { h.function_sets = h.function_sets & ~std::uint64_t{1}; }), MoveError::record_content);
    EXPECT_EQ(hello([](H& h) { h.function_sets = 1; }), MoveError::none); // only the calls of no set
    // A newer version may have a longer hello: it is still the version that is named.
    Records longer = records;
    longer[0].payload.resize(200);
    longer[0].payload[3] = std::byte{format_version + 1};
    EXPECT_EQ(outcome(longer), MoveError::format_version);
}

TEST_F(Forged, AHelloIsRefusedInTheOrderOfTheDocument) {
    using H = HelloRecord;
    struct Wrong {
        MoveError error;
        std::function<void(H&)> make;
    };
    // docs/stream.md, hello. What is at the target comes after that: MoverTest.
    const std::vector<Wrong> order{
        {MoveError::format_version, [](H& h) { h.version = format_version + 1; }},
        {MoveError::record_content, [](H& h) { h.sharing = 8; }},
        {MoveError::processor_version, [](H& h) { h.processor_version = 1; }},
        {MoveError::mmu, [](H& h) { h.mmu = 1; }},
        {MoveError::table_size, [](H& h) { h.table_log2 = 17; }},
        {MoveError::page_sizes, [](H& h) { h.page_sizes = 0; }},
        {MoveError::timebase_frequency, [](H& h) { h.timebase_frequency = 1; }},
        {MoveError::initial_state, [](H& h) { h.initial_msr = 0; }},
        {MoveError::memory_size, [](H& h) { h.memory_size = 1; }},
        {MoveError::granule, [](H& h) { h.granule = 1; }},
        {MoveError::virtual_processors, [](H& h) { h.vcpus = 9; }},
        {MoveError::entitled_capacity, [](H& h) { h.entitled_capacity = 1; }},
        {MoveError::partition_name, [](H& h) { h.name = {}; }},
    };
    for (std::size_t first = 0; first < order.size(); ++first) {
        const auto from_here_on = [&](H& h) {
            for (std::size_t i = first; i < order.size(); ++i)
                order[i].make(h);
        };
        EXPECT_EQ(with<H>(RecordType::hello, from_here_on), order[first].error) << name(order[first].error);
    }
}

TEST_F(Forged, WhatIsNoTransomIsNamedAndTheLastMoveIsNotForgotten) {
    ASSERT_EQ(target.progress().state, MoveState::completed);
    feed(std::as_bytes(std::span(std::string_view("GET / HTTP/1.1\r\nHost: machine-b\r\n\r\n"))));
    EXPECT_EQ(last_error(), MoveError::not_a_transom);
    EXPECT_EQ(target.progress().state, MoveState::completed);
    EXPECT_EQ(target_control.created, 0u);
}

TEST_F(Forged, ASilentSourceIsGivenUp) {
    feed({}, false);
    EXPECT_TRUE(target.busy());
    long_silence();
    EXPECT_FALSE(target.busy());
    EXPECT_EQ(last_error(), MoveError::time_limit);
    feed(std::span(recorded).first(recorded.size() - 40), false); // everything but run, and a little of end
    EXPECT_EQ(target_control.created, 1u);
    long_silence();
    EXPECT_EQ(last_error(), MoveError::time_limit);
    EXPECT_EQ(target_control.discarded, 1u);
    EXPECT_EQ(target_control.started, 0u);
}

TEST_F(Forged, ASourceThatNeverReadsIsGivenUp) {
    // Its pings are answered until there is no room for another pong; then its bytes are left where they are.
    connect(recorded.size() + 1);
    raw->deaf = true;
    net.acceptor().window = 200;
    raw->stream->send(recorded);
    settle();
    EXPECT_TRUE(target.busy());
    EXPECT_EQ(target_control.created, 1u);
    long_silence();
    EXPECT_FALSE(target.busy());
    EXPECT_EQ(last_error(), MoveError::time_limit);
    EXPECT_EQ(target_control.discarded, 1u);
}

TEST_F(Forged, NeitherASlowHelloNorTalkAfterTheEndKeepsOthersOut) {
    const auto wait = [&](std::uint64_t seconds) {
        source_control.ticks += seconds * facts.timebase_frequency;
        target_control.ticks += seconds * facts.timebase_frequency;
        settle();
    };
    connect(1000);
    for (std::size_t i = 0; i < 3; ++i) {
        raw->stream->send(std::span(recorded).subspan(i, 1));
        wait(4);
    }
    EXPECT_FALSE(target.busy());
    EXPECT_EQ(last_error(), MoveError::time_limit);

    feed(recorded, false);
    ASSERT_EQ(target_control.started, 1u);
    for (int i = 0; i < 4; ++i) {
        raw->stream->send(std::span(recorded).first(1));
        wait(10);
    }
    EXPECT_FALSE(target.busy());
    EXPECT_EQ(target_control.discarded, 0u);
}

TEST_F(Forged, EveryDamagedByteKeepsThePartitionFromStarting) {
    // Every byte of every header and of the small records, each 97th of the large ones.
    std::size_t tried = 0;
    for (std::size_t at = 0, start = 0, record = 0; record < records.size(); ++at) {
        const std::size_t in_record = at - start;
        const std::size_t length = sizeof(RecordHeader) + records[record].payload.size();
        if (in_record == length) {
            start = at--;
            ++record;
            continue;
        }
        if (in_record >= sizeof(RecordHeader) && length > 200 && in_record % 97 != 0)
            continue;
        if (records[record].type == RecordType::ping && record > 3)
            continue; // the same again
        std::vector<std::byte> damaged = recorded;
        damaged[at] ^= std::byte{0x04};
        target_control.started = target_control.created = target_control.discarded = 0;
        feed(damaged);
        ++tried;
        ASSERT_EQ(target_control.started, 0u) << at;
        ASSERT_EQ(target_control.created, target_control.discarded) << at;
        ASSERT_EQ(last_error(), at < 4 ? MoveError::not_a_transom : MoveError::damaged_record) << at;
    }
    EXPECT_GT(tried, 700u);
}

} // namespace
} // namespace transom::test
