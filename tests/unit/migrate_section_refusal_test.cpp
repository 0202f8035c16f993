// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"

// Sections of a page table that come as they should not.

namespace transom::test {
namespace {

using namespace migrate; // records and errors, the subject of all of this

/// The beginning of a page_table record.
struct Sections {
    TableSectionsRecord range;
    TableEntryRecord entry;
};

class ForgedSections : public Forged {
  protected:
    using Place = std::ptrdiff_t;
    /// The recorded record of the whole table: 8 sections, 4 entries.
    Taken& table_of(Records& all) const { return all[index_of(RecordType::page_table)]; }
    static Taken with_range(std::uint64_t first, std::uint64_t count, std::span<const std::byte> entries = {}) {
        Taken made{RecordType::page_table, std::vector<std::byte>(sizeof(TableSectionsRecord))};
        made.put(TableSectionsRecord{first, count});
        made.payload.insert(made.payload.end(), entries.begin(), entries.end());
        return made;
    }
    /// The same table in two records.
    Records in_two() const {
        Records forged = records;
        Taken& all = table_of(forged);
        const auto entries = std::span(all.payload).subspan(sizeof(TableSectionsRecord));
        const Taken one = with_range(0, 1, entries.first(2 * sizeof(TableEntryRecord)));
        const Taken other = with_range(1, 7, entries.subspan(2 * sizeof(TableEntryRecord)));
        all = one;
        forged.insert(forged.begin() + static_cast<Place>(index_of(RecordType::page_table)) + 1, other);
        return forged;
    }
    Records with_before(RecordType type, const Records& more, Records forged) const {
        forged.insert(forged.begin() + static_cast<Place>(index_of(type)), more.begin(), more.end());
        return forged;
    }
    MoveError changed(const std::function<void(Sections&)>& change) {
        return with<Sections>(RecordType::page_table, change);
    }
};

TEST_F(ForgedSections, RefusesWhatATableDoesNotHave) {
    EXPECT_EQ(changed([](auto& r) { r.range.count = 0; }), MoveError::record_content);
    for (const std::uint64_t wrong : {std::uint64_t{8}, std::uint64_t{1} << 40, ~std::uint64_t{0}})
        EXPECT_EQ(changed([=](auto& r) { r.range.first = wrong; }), MoveError::table_entry);
    EXPECT_EQ(changed([](auto& r) { r.range.count = 9; }), MoveError::table_entry);
    for (const std::uint64_t wrong : {std::uint64_t{17}, ~std::uint64_t{0}})
        EXPECT_EQ(changed([=](auto& r) { r.range.count = wrong; }), MoveError::record_content);
}

TEST_F(ForgedSections, RefusesEntriesThatCanNotBe) {
    EXPECT_EQ(changed([](auto& r) { r.entry.slot = std::uint64_t{1} << 40; }), MoveError::table_entry);
    EXPECT_EQ(changed([](auto& r) { r.entry.slot = 9; }), MoveError::table_entry) << "it comes once more";
    EXPECT_EQ(changed([](auto& r) { r.entry.slot = 10; }), MoveError::table_entry) << "9 follows";
    EXPECT_EQ(changed([](auto& r) { r.range.first = r.range.count = 1; }), MoveError::table_entry)
        << "of another section";
    EXPECT_EQ(changed([](auto& r) { r.range.count = 7; }), MoveError::table_entry) << "the last one is of the eighth";
    EXPECT_EQ(changed([](auto& r) { r.entry.word1 = r.entry.word1 | mib(16); }),
              MoveError::table_entry); // memory that the partition does not have
    EXPECT_EQ(target.progress().state, MoveState::failed);
}

TEST_F(ForgedSections, RefusesMoreThanARecordTakes) {
    Records forged = records;
    table_of(forged).payload.resize(sizeof(TableSectionsRecord) + 2731 * sizeof(TableEntryRecord));
    EXPECT_EQ(outcome(forged), MoveError::record_length);
    table_of(forged).payload.resize(sizeof(TableSectionsRecord) - 1);
    EXPECT_EQ(outcome(forged), MoveError::record_length);
}

TEST_F(ForgedSections, ASectionThatHasNotComeIsMissed) {
    const Records two = in_two();
    EXPECT_EQ(outcome(two), MoveError::none);
    for (const Place which : {0, 1}) {
        Records forged = two;
        forged.erase(forged.begin() + static_cast<Place>(index_of(RecordType::page_table)) + which);
        EXPECT_EQ(outcome(forged), MoveError::incomplete);
        EXPECT_THAT(std::string(target.progress().failure.text()),
                    testing::HasSubstr(which == 0 ? "section 0 of the page table" : "section 1 of the page table"));
    }
}

// After the stop there is one content, whatever comes twice.
TEST_F(ForgedSections, ASectionThatComesTwiceInTheStopIsRefused) {
    for (const std::uint64_t section : {0, 4, 7})
        EXPECT_EQ(outcome(with_before(RecordType::vcpu, {with_range(section, 1)}, records)), MoveError::record_order);
    EXPECT_THAT(std::string(target.progress().failure.text()), testing::HasSubstr("section 7"));
}

// R55: while it runs they come in any order, as often as they like; what came last counts, and what came only then is enough.
TEST_F(ForgedSections, R55_BeforeTheStopTheLastCopyOfASectionCounts) {
    const auto entry = [&](std::uint64_t slot) {
        auto copied = records[index_of(RecordType::page_table)].as<Sections>().entry;
        copied.slot = slot;
        const auto bytes = std::as_bytes(std::span(&copied, 1));
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    const auto read = [&](std::uint64_t slot) { return there.partition->hpt.read({slot})->valid(); };
    Records before = {with_range(7, 1, entry(7 * 2048 + 5)), with_range(0, 1, entry(1)), with_range(0, 2, entry(2)),
                      with_range(3, 1, entry(3 * 2048)), with_range(3, 1)};
    for (const RecordType place : {RecordType::partition, RecordType::zero_pages}) {
        EXPECT_EQ(outcome(with_before(place, before, records)), MoveError::none);
        EXPECT_EQ(target.progress().table_entries, 4 + 4u) << "of both times";
        EXPECT_EQ(target.progress().sections, 6 + 8u);
        EXPECT_EQ(target.progress().sections_resent, 2 + 4u);
        EXPECT_EQ(target.progress().sections_in_stop, 8u);
        for (const std::uint64_t gone : {1, 2, 3 * 2048, 7 * 2048 + 5})
            EXPECT_FALSE(read(gone)) << gone;
        for (const std::uint64_t there : {0, 9, 5000, 16383})
            EXPECT_TRUE(read(there)) << there;
    }
    // Of the last seven nothing comes after the stop.
    Records forged = in_two();
    const auto second = forged.begin() + static_cast<Place>(index_of(RecordType::page_table)) + 1;
    const Taken early = *second;
    forged.erase(second);
    EXPECT_EQ(outcome(with_before(RecordType::partition, {early, with_range(3, 1)}, forged)), MoveError::none);
    EXPECT_TRUE(read(5000));
    EXPECT_TRUE(read(16383));
}

TEST_F(ForgedSections, NoneComesBeforeTheHelloOrAfterTheEnd) {
    EXPECT_EQ(outcome(with_before(RecordType::hello, {with_range(0, 1)}, records)), MoveError::record_order);
    EXPECT_EQ(outcome(with_before(RecordType::run, {with_range(0, 1)}, records)), MoveError::record_order);
}

} // namespace
} // namespace transom::test
