// SPDX-License-Identifier: Apache-2.0
// A move between two sessions of the hypervisor's own, and what the dump of its stream looks like.
#include "move_fixture.hpp"
#include "stream_text.hpp"
#include "temporary_directory.hpp"
#include "text_file.hpp"
#include "tool_stream_fixture.hpp"

#include <cstdlib>
#include <fstream>
#include <regex>

namespace transom::test {
namespace {

using tool::Json;

constexpr const char* golden_path = TRANSOM_SOURCE_DIR "/tests/unit/golden/stream_dump.txt";
constexpr std::string_view licence = "# SPDX-License-Identifier: Apache-2.0\n";

class StreamDumpGolden : public Move {
  protected:
    /// A partition of which all is known, moved while it stands still.
    void move() {
        partition::Partition& p = small();
        std::ranges::fill(here.granule(4), std::byte{0x60}); // which becomes smaller
        partition::Vcpu& vcpu = p.vcpus[0];
        vcpu.registers = {};
        vcpu.registers.gpr[1] = 0xc000000000123450;
        vcpu.registers.gpr[31] = 77;
        vcpu.registers.nip = 0xc000000000004500;
        vcpu.registers.msr = 0x8000000000009033;
        vcpu.registers.vsr[3] = {1, 0x4000000000000000};
        vcpu.registers.slb[1] = {0xc000000008000001, 0x408f92c94500};
        vcpu.registers.spr[partition::spr_index("SPRG3")] = 0x123;
        vcpu.state = partition::VcpuState::ceded;
        vcpu.prodded = vcpu.reset_pending = false;
        vcpu.decrementer_expiry = 0x123456789;
        vcpu.areas = {};
        vcpu.areas.vpa = {{0x10000}, 0x280};
        p.clock.set({1'800'000'000, 123456789}, 0x1000);
        p.cpu_characteristics = {0x8000000000000000, 0x4000000000000000};
        migrate::MoveOrder how = order(p);
        how.mode = migrate::MoveMode::stop_and_copy;
        ASSERT_TRUE(source.start(net, how));
        settle();
        ASSERT_EQ(source.progress().state, migrate::MoveState::completed) << source.progress().failure.text();
    }
    /// As a person reads it. What differs from one state of the sessions to the next is left out: times, table entries and digests.
    static std::string dump(const std::filesystem::path& path) {
        std::ifstream from(path, std::ios::binary);
        std::string text = tool::stream_text_head();
        tool::StreamDump dump(false, [&](const Json& entry) { text += tool::stream_text(entry); });
        dump.read(from);
        EXPECT_EQ(dump.fault_count(), 0u) << dump.faults().front().what;
        text += tool::stream_text_summary(dump.summary());
        text = std::regex_replace(text, std::regex("_ticks -?[0-9]+"), "_ticks ...");
        return std::regex_replace(text, std::regex("digest 0x[0-9a-f]+"), "digest ...");
    }
};

TEST_F(StreamDumpGolden, LooksAsItDid) {
    move();
    const tool::TemporaryDirectory directory;
    // The way to a stream in a file: TRANSOM_KEEP_STREAM=FILE keeps this one.
    const char* const keep = std::getenv("TRANSOM_KEEP_STREAM");
    const std::filesystem::path file = keep != nullptr ? keep : directory.path() / "stream";
    const auto bytes = std::as_bytes(std::span(net.acceptor().history));
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const std::string text = std::string(licence) + dump(file);
    if (std::getenv("TRANSOM_UPDATE_GOLDEN") != nullptr)
        tool::TextFile(golden_path, text);
    std::ostringstream golden;
    golden << std::ifstream(golden_path).rdbuf();
    EXPECT_EQ(text, golden.str()) << "where this is right: TRANSOM_UPDATE_GOLDEN=1, and look at the difference";
}

// What comes after `run` belongs to the stream too.
TEST_F(StreamDumpGolden, TellsWhatIsOwedAndAskedFor) {
    migrate::MoveOrder how = order(large());
    how.mode = migrate::MoveMode::post_copy;
    net.window = 3000;
    ASSERT_TRUE(source.start(net, how));
    ASSERT_TRUE(until([&] { return runs_there(); }));
    there.partition->vcpus[0].awaits = 90 * kib(4);
    settle();
    ASSERT_EQ(source.progress().state, migrate::MoveState::completed) << source.progress().failure.text();
    const tool::Dumped seen = tool::dumped(net.acceptor().history), answers = tool::dumped(net.connector().history);
    EXPECT_THAT(seen.faults, testing::IsEmpty());
    EXPECT_THAT(answers.faults, testing::IsEmpty());
    EXPECT_EQ(seen.entries.back()["type"], "all_sent");
    EXPECT_EQ(answers.entries.back()["type"], "all_here");
    const auto of_type = [](const tool::Dumped& in, std::string_view type) {
        return *std::ranges::find_if(in.entries, [&](const Json& entry) { return entry["type"] == type; });
    };
    EXPECT_EQ(of_type(seen, "owed")["fields"]["owed"], 4096);
    EXPECT_EQ(of_type(answers, "demand")["fields"]["granules"], Json::array({90}));
}

TEST_F(StreamDumpGolden, TheAnswersAreAStreamToo) {
    move();
    const tool::Dumped seen = tool::dumped(net.connector().history);
    EXPECT_THAT(seen.faults, testing::IsEmpty());
    ASSERT_GE(seen.entries.size(), 3u);
    EXPECT_EQ(seen.entries.front()["type"], "hello_reply");
    EXPECT_EQ(seen.entries.back()["type"], "running");
    EXPECT_EQ(seen.entries[seen.entries.size() - 2]["type"], "held");
    EXPECT_EQ(seen.summary["granules"]["granules"], 0);
}

} // namespace
} // namespace transom::test
