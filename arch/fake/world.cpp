// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/processors.hpp>
#include <arch/world.hpp>
#include <transom/base/panic.hpp>
#include <transom/partition/deliver.hpp>
#include <utility>

namespace arch {

namespace {
FakeWorld::Run run_vcpu;
FakeWorld* world = nullptr;
} // namespace

FakeWorld::FakeWorld(Run run) {
    transom::invariant(world == nullptr, "two fake worlds at once");
    world = this;
    run_vcpu = std::move(run);
}

FakeWorld::~FakeWorld() {
    world = nullptr;
    run_vcpu = nullptr;
}

void run(transom::partition::Vcpu& vcpu, std::uint64_t slice) {
    transom::invariant(run_vcpu != nullptr, "the test needs an arch::FakeWorld");
    transom::partition::deliver_pending(vcpu);
    run_vcpu(vcpu, slice);
    if (std::exchange(vcpu.external_raised, false))
        lower_external();
}

namespace {
thread_local std::uint32_t index_of_this_thread = 0;
}

std::uint32_t processor_index() { return index_of_this_thread; }
void set_processor_index(std::uint32_t index) { index_of_this_thread = index; }

void kick(std::uint32_t index) {
    if (world == nullptr)
        return;
    if (world->wake)
        return world->wake(index);
    world->kicked |= std::uint64_t{1} << index;
}

bool presents_external() { return world != nullptr && world->presents_external; }
void raise_external() { ++world->external_raised; }
void lower_external() { --world->external_raised; }

std::uint64_t device_interrupts() { return world != nullptr ? world->device_interrupts : 0; }

void idle(std::uint64_t ticks) {
    if (world != nullptr && world->sleep)
        return world->sleep(ticks);
    if (world != nullptr && world->while_idle)
        world->while_idle();
    FakeMachine::current().advance(ticks);
    if (world != nullptr)
        world->slept += ticks;
}

} // namespace arch
