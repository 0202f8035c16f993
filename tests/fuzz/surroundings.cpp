// SPDX-License-Identifier: Apache-2.0
#include "entry_check.hpp"
#include "steps.hpp"
#include "table_check.hpp"
#include <transom/base/big_endian.hpp>
#include <transom/hcall/table.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/rtas/table.hpp>

// What is no hypervisor call of the page table or the like: RTAS, the partition's own stores, the machine's and the
// hypervisor's doings between two calls.
namespace transom::hcall_fuzz {
namespace {

using partition::Vcpu;

template <std::unsigned_integral T> void store(memory::LogicalMemory& memory, std::uint64_t at, T value) {
    const Be<T> object = value;
    if (memory.contains({at}, sizeof object))
        (void)memory.store({at}, object); // a page that is made missing then is one that this store found missing
}

} // namespace

/// An argument block in memory and the call that points to it; now and then it does not fit.
std::string Steps::rtas_call() {
    const auto all = rtas::rows();
    const rtas::Row& row = all[input_.below(all.size())];
    memory::LogicalMemory& memory = scene_.partition().memory;
    const std::uint64_t block = arguments_.address();
    const bool wrong = input_.below(16) == 15;
    store<std::uint32_t>(memory, block, row.token + (wrong ? static_cast<std::uint32_t>(input_.word(1)) : 0));
    store<std::uint32_t>(memory, block + 4, wrong ? static_cast<std::uint32_t>(arguments_.any()) : row.inputs);
    store<std::uint32_t>(memory, block + 8, wrong ? static_cast<std::uint32_t>(arguments_.any()) : row.outputs);
    for (std::uint64_t i = 0; i < row.inputs; ++i) {
        const std::uint64_t cell = input_.flag() ? input_.below(64) : arguments_.any();
        store(memory, block + 12 + 4 * i, static_cast<std::uint32_t>(cell));
    }
    Vcpu& vcpu = caller();
    vcpu.registers.gpr[3] = static_cast<std::uint64_t>(papr::Op::rtas);
    vcpu.registers.gpr[4] = block;
    return make_call(vcpu);
}

/// Mostly the size of an area that H_REGISTER_VPA is about to be called for.
void Steps::write_memory() {
    constexpr std::uint16_t sizes[] = {640, 8, 48, 96, 4096, 639, 0, 0xffff};
    memory::LogicalMemory& memory = scene_.partition().memory;
    const std::uint64_t place = arguments_.address();
    const std::uint16_t size = input_.one_of(sizes);
    switch (input_.below(4)) {
    case 0:
        return store<std::uint16_t>(memory, place + 4, size);
    case 1:
        return store<std::uint32_t>(memory, place + 4, size);
    case 2: // the dispatch trace log's enable mask
        return store<std::uint8_t>(memory, place + 0xb8, input_.byte());
    default:
        return store<std::uint64_t>(memory, place, arguments_.any());
    }
}

/// What the machine does with the table: a processor sets R and C, or an access in real mode finds nothing.
std::string Steps::machine_step() {
    partition::Partition& partition = scene_.partition();
    if (input_.flag()) {
        const std::uint64_t slot = arguments_.slot();
        if (slot >= slots)
            return {};
        SlotWords words = scene_.slot(slot);
        if ((words.d0 & papr::d0::valid) == 0)
            return {};
        words.d1 |= input_.flag() ? papr::d1::usage : papr::d1::referenced;
        scene_.set_slot(slot, words);
        scene_.seen_entries[2 * slot + 1] = big_endian(words.d1);
        return {};
    }
    (void)partition.hpt.insert_real_mode({arguments_.address()}, partition.memory);
    TableScope scope{.everywhere = true, .slots = {}, .own = TableScope::Own::may_come};
    const std::string broken = check_table(scene_, scope, scene_.machine().flushes_.size());
    return broken.empty() ? broken : broken + "\n  after an access in real mode";
}

/// What the hypervisor does between two calls.
std::string Steps::outside_step() {
    partition::Partition& partition = scene_.partition();
    Vcpu& vcpu = caller();
    switch (input_.below(6)) {
    case 0: // a slice ends and another begins; both find their page or are left out
        if (partition::preempted(vcpu, static_cast<partition::PreemptReason>(1 + input_.below(5)),
                                 scene_.machine().ticks_))
            (void)partition::dispatched(vcpu, {.now = scene_.machine().ticks_});
        return {};
    case 1: {
        const std::array typed{input_.byte(), input_.byte()};
        const std::uint32_t terminal = input_.below(partition.terminal_count);
        partition.terminals[terminal].type(partition.sources, vio::terminal_source + terminal, typed);
        return {};
    }
    case 2:
        partition.sources.find(interrupt::first_source + 16)->pending = input_.flag(); // the line of a level source
        return {};
    case 3:
        scene_.machine().advance(input_.word(3));
        return {};
    case 4:
        (void)partition::deliver_pending(vcpu);
        return {};
    default: // the console has taken what was written
        for (auto& terminal : partition.terminals)
            terminal.output = {};
        return {};
    }
}

} // namespace transom::hcall_fuzz
