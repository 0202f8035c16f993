// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bundle_builder.hpp"
#include "memory_pipe.hpp"
#include "partition_builder.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <transom/manage/local_machine.hpp>

namespace transom::manage {

using memory::FrameState;
using partition::Partition;
using partition::PartitionState;
using partition::StopReason;
using testing::ElementsAre;
using testing::HasSubstr;

struct LifeCycleMemory {
    LifeCycleMemory()
        : states((arch::fake_real_base + machine.memory().size).value / memory::frame_size), frames(states) {
        frames.add(machine.memory());
        frames.reserve({arch::fake_real_base, 1}, FrameState::hypervisor);
    }
    arch::FakeMachine machine{mib(112)};
    std::vector<FrameState> states;
    memory::Frames frames;
};

class LifeCycleTest : public testing::Test, protected LifeCycleMemory, LifeObserver {
  protected:
    LifeCycleTest() { before_ = free(); }

    void arrived(Partition&) override {}
    void starting(Partition& partition, bool anew) override {
        events_.push_back(fmt::format("starting {}{}", partition.name(), anew ? " anew" : ""));
    }
    void ending(Partition& partition) override { events_.push_back("ending " + std::string(partition.name())); }

    LifeObserver& observer() { return *this; }
    Bytes free() const { return frames.total(FrameState::free); }

    std::span<const std::byte> bundle(const std::vector<test::Described>& partitions) {
        fdt_ = std::make_unique<FdtBuilder>();
        return test::bundle_of(*fdt_, partitions);
    }
    std::string define_bundle(std::span<const std::byte> bytes) {
        const auto memory = life_.reserve(bytes.size());
        if (!memory)
            return std::string(memory.error().name);
        std::ranges::copy(bytes, memory->begin());
        const auto defined = life_.define(*memory);
        if (defined)
            return "";
        life_.drop(*memory);
        settle();
        return std::string(defined.error().name);
    }
    std::string define(const std::vector<test::Described>& partitions) { return define_bundle(bundle(partitions)); }
    /// As the machine's own bundle, which lives as long as the test.
    void adopt(const std::vector<test::Described>& partitions) {
        boot_ = tree::Manifest::parse(bundle(partitions));
        boot_fdt_ = std::move(fdt_);
        ASSERT_TRUE(life_.definitions().adopt(*boot_));
    }
    static std::string name(const Done& done) { return done ? "" : std::string(done.error().name); }
    /// Until everything is built and scrubbed.
    void settle() {
        while (life_.run() == 0) {}
    }
    std::string carried_out(const Done& done) {
        settle();
        return name(done);
    }
    std::string start(std::string_view who, bool force = false) { return carried_out(life_.start(who, force)); }
    std::string stop(std::string_view who, bool force = false) { return carried_out(life_.stop(who, force)); }
    std::string reset(std::string_view who) { return carried_out(life_.reset(who)); }
    std::string remove(std::string_view who) { return carried_out(life_.remove(who)); }
    Partition& partition(std::string_view who) { return *roster_.find(who); }
    bool is_starting(std::string_view who) { return !life_.started(who); }
    void end_itself(std::string_view who, StopReason reason) {
        Partition& it = partition(who);
        it.stop_reason = reason;
        it.state = PartitionState::off;
        life_.ended(it);
        settle();
    }
    Partition& arrive(std::string_view who, std::uint32_t entitled = 5) {
        const auto created =
            test::create_empty(roster_, {.name = who, .memory = mib(16), .entitled_capacity = entitled});
        EXPECT_TRUE(created);
        roster_.start(**created);
        life_.arrived(**created);
        return **created;
    }
    /// As the mover does it when it runs at the other machine.
    void leave(std::string_view who) {
        partition(who).state = PartitionState::suspended;
        life_.left(partition(who));
        roster_.destroy(partition(who));
        settle();
    }
    std::vector<std::string> status() {
        std::vector<std::string> lines;
        while (const auto next = local_.listed(lines.size()))
            lines.push_back(fmt::format("{} {} {} {}", next->name, next->state, next->from, next->entitled_capacity));
        return lines;
    }

    partition::Resources resources_{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher_{512'000'000};
    partition::Roster roster_{resources_, dispatcher_};
    LifeCycle life_{roster_, frames, mover_, *this, true};
    migrate::Mover mover_{roster_, frames, {.timebase_frequency = 512'000'000}, life_};
    test::PipeNetwork network_;
    secure::Identity nobody_;
    secure::Entropy entropy_;
    secure::SecureNetwork operators_{network_, {"management"}, nobody_, entropy_, {}, 512'000'000};
    LocalMachine local_{{}, frames, roster_, dispatcher_, mover_, life_, network_, operators_, {}, nullptr, 0};
    std::vector<std::string> events_;
    std::unique_ptr<FdtBuilder> fdt_, boot_fdt_;
    std::expected<tree::Manifest, tree::ManifestError> boot_;
    Bytes before_ = 0;
};

} // namespace transom::manage
