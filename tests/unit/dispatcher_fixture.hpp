// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/processors.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <map>
#include <memory>
#include <thread>
#include <transom/partition/dispatcher.hpp>
#include <transom/partition/msr.hpp>
#include <utility>

namespace transom::partition {

constexpr std::uint64_t frequency = 512'000'000;

/// Wants to run again after `next` ticks.
class CountingTask final : public Task {
  public:
    std::uint64_t run() override {
        ++runs;
        if (while_it_runs)
            while_it_runs();
        return next;
    }
    std::function<void()> while_it_runs;
    std::uint64_t next = ~std::uint64_t{0};
    int runs = 0;
};

inline void as_processor(std::uint32_t index, const std::function<void()>& with) {
    std::thread([&] {
        arch::set_processor_index(index);
        with();
    }).join();
}

class DispatcherTest : public testing::Test {
  protected:
    DispatcherTest() {
        partition->state = PartitionState::running;
        partition->vcpu_count = 1;
        partition->share.claim.entitled = 10;
        vcpu.partition = partition.get();
        vcpu.state = VcpuState::ready;
        dispatcher.add(*partition);
        dispatcher.add(task);
    }

    void play(Vcpu& entered, std::uint64_t slice) {
        if (world_run)
            return world_run(entered, slice);
        slices.push_back(slice);
        runs[&entered] += slice;
        entered.areas.vpa = registered;
        if (while_inside)
            while_inside();
        if (cede) {
            entered.state = VcpuState::ceded;
            entered.registers.msr |= msr::ee;
        }
        machine.advance(slice);
    }

    arch::FakeMachine machine{mib(1)};
    arch::FakeWorld world{[this](Vcpu& entered, std::uint64_t slice) { play(entered, slice); }};
    std::unique_ptr<Partition> partition = std::make_unique<Partition>();
    Vcpu& vcpu = partition->vcpus[0];
    Dispatcher dispatcher{frequency};
    CountingTask task;
    std::function<void()> while_inside;
    std::function<void(Vcpu&, std::uint64_t)> world_run; // instead of what play() does
    std::vector<std::uint64_t> slices;
    std::map<const Vcpu*, std::uint64_t> runs; // ticks
    LogicalRange registered;                   // by the partition, whenever it runs
    bool cede = false;
};

} // namespace transom::partition
