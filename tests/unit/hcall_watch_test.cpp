// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <papr/vpa.hpp>
#include <span>
#include <string_view>
#include <transom/migrate/page_state_table.hpp>
#include <transom/partition/vpa.hpp>
#include <transom/rtas/table.hpp>
#include <vector>

namespace transom::hcall {
namespace {

using migrate::PageStatus;
using papr::Op;
using papr::Status;

constexpr Bytes granule = kib(4);

/// A partition that migrates: all of its pages have been sent. Whatever the hypervisor writes on its behalf makes a page stale, and
/// what is not stale is as it was.
class HcallWatch : public PartitionTest {
  protected:
    HcallWatch()
        : pages_(memory_end / granule), regions_(2), to_send_(migrate::PageSet::words_for(pages_.size())),
          altered_(to_send_.size()), table_(memory_end, granule, {pages_, regions_, to_send_, altered_}) {}

    void send_all() {
        partition.memory.watch_writes(&table_);
        copy_ = everything();
        for (std::uint64_t page = 0; page < pages_.size(); ++page)
            if (table_.claim({page})) {
                EXPECT_TRUE(table_.sent({page}));
            }
    }
    std::vector<std::byte> everything() const {
        std::vector<std::byte> all(memory_end);
        EXPECT_TRUE(partition.memory.read({0}, all));
        return all;
    }
    /// The pages that are stale now. Everything else is in the copy as it is.
    std::vector<std::uint64_t> stale() {
        const std::vector<std::byte> now = everything();
        std::vector<std::uint64_t> found;
        for (std::uint64_t page = 0; page < pages_.size(); ++page) {
            if (table_.state({page}).status() == PageStatus::stale) {
                found.push_back(page);
            } else {
                const auto of = [&](const std::vector<std::byte>& all) {
                    return std::span(all).subspan(page * granule, granule);
                };
                EXPECT_TRUE(std::ranges::equal(of(now), of(copy_))) << "page " << page;
            }
        }
        send_all();
        return found;
    }
    using List = std::vector<std::uint64_t>;

    std::vector<std::uint16_t> pages_;
    std::vector<migrate::LargeGrants> regions_;
    std::vector<std::uint64_t> to_send_, altered_;
    migrate::PageStateTable table_;
    std::vector<std::byte> copy_;
};

TEST_F(HcallWatch, R116_P5_CallsThatWriteMemory) {
    for (std::uint64_t i = 0; i < granule; i += 8)
        poke<std::uint64_t>(5 * granule + i, i + 1);
    send_all();
    EXPECT_EQ(status(Op::page_init, {0x8000, 5 * granule, 0}), Status::success); // zero
    EXPECT_EQ(stale(), (List{5}));
    EXPECT_EQ(status(Op::page_init, {0x4000, 6 * granule, 5 * granule}), Status::success); // copy
    EXPECT_EQ(stale(), (List{6}));
    EXPECT_EQ(status(Op::logical_cache_store, {8, 7 * granule, 1}), Status::success);
    EXPECT_EQ(stale(), (List{7}));
    EXPECT_EQ(status(Op::logical_cache_load, {8, 7 * granule}), Status::success);
    EXPECT_EQ(status(Op::page_init, {0x8000, memory_end, 0}), Status::parameter);
    EXPECT_EQ(stale(), (List{}));
}

TEST_F(HcallWatch, R116_P5_AreasOfProcessors) {
    constexpr std::uint64_t vpa = 0x10000, log = 0x12000;
    poke<std::uint16_t>(vpa + 4, 1024);
    poke<std::uint32_t>(log + 4, 3 * 48);
    send_all();
    EXPECT_EQ(status(Op::register_vpa, {0x2000'0000'0000, 0, vpa}), Status::success);
    EXPECT_EQ(stale(), (List{vpa / granule}));
    EXPECT_EQ(status(Op::register_vpa, {0x4000'0000'0000, 0, log}), Status::success);
    stale(); // the index of the log is in the VPA
    poke<std::uint8_t>(vpa + papr::vpa::trace_mask_offset, 7);
    EXPECT_EQ(stale(), (List{vpa / granule}));
    ASSERT_TRUE(partition::preempted(vcpu, partition::PreemptReason::cede, 100));
    EXPECT_EQ(stale(), (List{vpa / granule})) << "the dispatch counter";
    ASSERT_TRUE(partition::dispatched(vcpu, {.ready = 200, .queued = 300, .now = 400}));
    EXPECT_EQ(stale(), (List{vpa / granule, log / granule})) << "the sums, and an entry of the log";
}

TEST_F(HcallWatch, R116_P5_AnswersOfRtas) {
    const auto token = [](std::string_view name) {
        for (const rtas::Row& row : rtas::rows())
            if (row.name == name)
                return row.token;
        ADD_FAILURE() << name;
        return 0u;
    };
    const auto write_block = [&](std::initializer_list<std::uint32_t> cells) {
        std::uint64_t at = 0x8000;
        for (const std::uint32_t cell : cells)
            poke<std::uint32_t>(std::exchange(at, at + 4), cell);
        send_all();
    };
    write_block({token("get-time-of-day"), 0, 8});
    EXPECT_EQ(status(Op::rtas, {0x8000}), Status::success);
    EXPECT_EQ(stale(), (List{8}));
    write_block({token("ibm,get-system-parameter"), 3, 1, 55, 0xa000, 64});
    EXPECT_EQ(status(Op::rtas, {0x8000}), Status::success);
    EXPECT_EQ(stale(), (List{8, 10})) << "the block, and the buffer that it names";
}

} // namespace
} // namespace transom::hcall
