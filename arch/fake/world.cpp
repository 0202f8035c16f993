// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/world.hpp>
#include <transom/base/panic.hpp>
#include <transom/partition/deliver.hpp>

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
}

void set_page_table(std::uint32_t, const transom::hpt::HashedPageTable&) {}

void idle(std::uint64_t ticks) {
    FakeMachine::current().advance(ticks);
    if (world != nullptr)
        world->slept += ticks;
}

} // namespace arch
