// SPDX-License-Identifier: Apache-2.0
// What a partition is started from goes with it: docs/stream.md, record 29.
#include "bundle_builder.hpp"
#include "raw_source.hpp"

namespace transom::test {
namespace {

using namespace migrate;

constexpr std::size_t kernel_size = 150'001; // three records of it

class Definitions : public Move {
  protected:
    migrate::MoveOrder with_definition(MoveMode mode) {
        migrate::MoveOrder moved = order(small());
        moved.mode = mode;
        moved.definition = {.shape = {.size = definition.size(), .digest = 0, .by_operator = true},
                            .bytes = &definition};
        return moved;
    }
    std::vector<std::byte> whole() const {
        std::vector<std::byte> all(definition.size());
        definition.read(0, all);
        return all;
    }
    FdtBuilder fdt;
    std::expected<tree::Manifest, tree::ManifestError> bundle =
        tree::Manifest::parse(bundle_of(fdt, {{"debian"}}, std::vector(kernel_size, std::byte{0x5a})));
    tree::BundleOfOne definition{*bundle, bundle->partitions()[0]};
};

TEST_F(Definitions, GoWithThePartitionBeforeAnythingElse) {
    for (const MoveMode mode : {MoveMode::pre_copy, MoveMode::post_copy, MoveMode::stop_and_copy}) {
        net.ends.clear();
        there.scrub();
        target_control.defined = 0;
        ASSERT_TRUE(source.start(net, with_definition(mode)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        EXPECT_EQ(target_control.definition, whole());
        EXPECT_EQ(target_control.defined, 1u);
        EXPECT_EQ(source_control.definition_digest, xxh64(whole()));
        EXPECT_GT(source.progress().definition_bytes, definition.size());
        EXPECT_EQ(source.progress().definition_bytes, target.progress().definition_bytes);
        const Records sent = split(net.acceptor().history);
        const auto is_definition = [](const Taken& record) { return record.type == RecordType::definition; };
        EXPECT_EQ(std::ranges::count_if(sent, is_definition), 3);
        const auto pings = std::ranges::count(sent, RecordType::ping, &Taken::type);
        EXPECT_TRUE(std::all_of(sent.begin() + 1 + pings, sent.begin() + 1 + pings + 3, is_definition));
        expect_same_memory();
    }
}

TEST_F(Definitions, DoNotGoWhereTheTargetHasThem) {
    target_control.has_definition = true;
    ASSERT_TRUE(source.start(net, with_definition(MoveMode::pre_copy)));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source.progress().definition_bytes, 0u);
    EXPECT_EQ(target_control.defined, 0u);
    EXPECT_EQ(source_control.definition_digest, 0u);
}

TEST_F(Definitions, OneThatNothingCanBeStartedFromKeepsThePartitionWhereItIs) {
    target_control.bad_definition = failure(MoveError::record_content, "it is no bundle");
    ASSERT_TRUE(source.start(net, with_definition(MoveMode::pre_copy)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::failed);
    EXPECT_EQ(source.progress().failure.error, MoveError::record_content);
    EXPECT_TRUE(runs_here());
    EXPECT_EQ(target_control.discarded, target_control.created);
}

TEST_F(Definitions, GoNoFasterThanTheyMay) {
    migrate::MoveOrder moved = with_definition(MoveMode::pre_copy);
    moved.bandwidth = 50'000; // three seconds' worth
    ASSERT_TRUE(source.start(net, moved));
    unsigned hundredths = 0;
    for (; hundredths < 1000 && source.progress().definition_bytes <= definition.size(); ++hundredths) {
        settle();
        source_control.ticks += facts.timebase_frequency / 100;
        target_control.ticks += facts.timebase_frequency / 100;
    }
    EXPECT_GT(hundredths, 150u);
    EXPECT_LT(hundredths, 400u);
}

class ForgedDefinition : public Forged {
  protected:
    /// The recorded move with a definition of that size announced, and these pieces of it after its pings.
    struct Piece {
        std::uint64_t offset = 0;
        std::size_t bytes = 0;
    };
    Records with_pieces(Bytes size, const std::vector<Piece>& pieces, std::uint64_t digest = 0) {
        Records forged = records;
        auto hello = forged[0].as<HelloRecord>();
        hello.definition_size = size;
        hello.definition_digest = digest;
        forged[0].put(hello);
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            Taken piece{RecordType::definition, std::vector<std::byte>(sizeof(DefinitionRecord) + pieces[i].bytes)};
            piece.put(DefinitionRecord{pieces[i].offset});
            forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(1 + round_trips + i), piece);
        }
        return forged;
    }
};

TEST_F(ForgedDefinition, ComesWholeInOrderAndOnce) {
    constexpr std::size_t most = max_definition_bytes;
    EXPECT_EQ(outcome(with_pieces(100, {{0, 60}, {60, 40}})), MoveError::none);
    EXPECT_EQ(outcome(with_pieces(most, {{0, most}})), MoveError::none);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 60}})), MoveError::incomplete);
    EXPECT_EQ(outcome(with_pieces(100, {})), MoveError::incomplete);
    EXPECT_EQ(outcome(with_pieces(0, {{0, 60}})), MoveError::record_order) << "none was announced";
    EXPECT_EQ(outcome(with_pieces(100, {{0, 100}, {0, 100}})), MoveError::record_order);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 60}, {0, 40}})), MoveError::record_content);
    EXPECT_EQ(outcome(with_pieces(100, {{60, 40}})), MoveError::record_content);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 60}, {60, 41}})), MoveError::record_content);
    EXPECT_EQ(outcome(with_pieces(100, {{~std::uint64_t{0}, 60}})), MoveError::record_content);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 0}})), MoveError::record_length);
    EXPECT_EQ(outcome(with_pieces(2 * most, {{0, most + 1}})), MoveError::record_length);
    Records short_one = with_pieces(100, {{0, 100}});
    short_one[1 + round_trips].payload.resize(sizeof(DefinitionRecord) - 1);
    EXPECT_EQ(outcome(short_one), MoveError::record_length);
    target_control.has_definition = true;
    EXPECT_EQ(outcome(with_pieces(100, {{0, 100}})), MoveError::record_order) << "nobody asked for it";
    EXPECT_EQ(outcome(with_pieces(100, {})), MoveError::none);
}

TEST_F(ForgedDefinition, IsTheOneThatWasAnnounced) {
    const std::vector<std::byte> zeros(100);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 100}}, xxh64(zeros))), MoveError::none);
    EXPECT_EQ(outcome(with_pieces(100, {{0, 100}}, xxh64(zeros) + 1)), MoveError::record_content);
}

// A page that went by a channel may have overtaken the last of it.
TEST_F(ForgedDefinition, MayComeAfterTheFirstPage) {
    Records forged = with_pieces(100, {{0, 60}, {60, 40}});
    const Taken last = forged[2 + round_trips];
    forged.erase(forged.begin() + 2 + round_trips);
    forged.insert(std::ranges::find(forged, RecordType::page, &Taken::type) + 1, last);
    EXPECT_EQ(outcome(forged), MoveError::none);
}

TEST_F(ForgedDefinition, ComesBeforeThePartition) {
    Records forged = with_pieces(100, {{0, 100}});
    const Taken piece = forged[1 + round_trips];
    forged.erase(forged.begin() + 1 + round_trips);
    forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(RecordType::partition)) + 1, piece);
    EXPECT_EQ(outcome(forged), MoveError::record_order);
}

} // namespace
} // namespace transom::test
