// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <array>
#include <optional>
#include <transom/hcall/handlers.hpp>
#include <utility>

namespace transom::hcall {

namespace {

namespace block = papr::block;

constexpr std::uint64_t code(hpt::BlockError error) {
    switch (error) {
    case hpt::BlockError::parameter:
        return block::code_parameter;
    case hpt::BlockError::not_found:
        return block::code_not_found;
    case hpt::BlockError::busy:
        return block::code_busy;
    case hpt::BlockError::other_size:
        return block::code_other_size;
    case hpt::BlockError::other_block:
        return block::code_other_block;
    }
    return block::code_parameter;
}

/// The specifiers of a call, and the entries that are being removed for them.
struct Block {
    std::array<std::uint64_t, block::max_specifiers> specifiers{};
    unsigned count = 0; // of requests
    std::array<std::optional<hpt::Pending<hpt::RemoveWork>>, block::max_specifiers> begun;
    std::array<hpt::FlushObligation, block::max_specifiers> obligations;
};

/// False where something before the end is no request.
bool count_requests(Block& all) {
    for (; all.count < block::max_specifiers; ++all.count) {
        const std::uint64_t type = all.specifiers[all.count] & papr::bulk::type;
        if (type == papr::bulk::end)
            return true;
        if (type != papr::bulk::request)
            return false;
    }
    return true;
}

// LoPAR H_BLOCK_REMOVE: AVA in r4, eight translation specifiers in r5 to r12 -> the specifiers with their answers, from r4
// on, where Linux has them; r12 is left. All entries go with one wait for the TLBs. The answers keep the PTEX.
template <class Scope> [[gnu::always_inline]] inline Outcome block_remove(partition::Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    const Scope scope{*vcpu.partition};
    const std::uint64_t ava = gpr[4];
    Block all;
    for (unsigned i = 0; i < block::max_specifiers; ++i)
        all.specifiers[i] = gpr[5 + i];
    if (!count_requests(all))
        return papr::Status::parameter; // and nothing is done

    papr::Status status = papr::Status::success;
    std::optional<hpt::BlockAnchor> anchor;
    for (unsigned i = 0; i < all.count; ++i) {
        std::uint64_t& specifier = all.specifiers[i];
        const hpt::Condition wanted =
            (specifier & block::condition_avpn) != 0 ? hpt::Condition::avpn(ava) : hpt::Condition{};
        const std::uint64_t index = specifier & papr::bulk::index;
        specifier = papr::bulk::response | index;
        auto begun = scope.table().begin_block_remove({{index}, wanted}, anchor);
        if (begun) {
            all.obligations[i] = begun->obligation();
            all.begun[i].emplace(std::move(*begun));
        } else {
            specifier |= code(begun.error());
            status = papr::Status::partial;
        }
    }

    const auto flushed = scope.discharge_all(all.obligations);
    for (unsigned i = 0; i < all.count; ++i) {
        if (!all.begun[i])
            continue;
        const papr::PageTableEntry removed = scope.table().finish_remove(std::move(*all.begun[i]), flushed[i]);
        all.specifiers[i] |= block::code_success | (removed.d1 & papr::d1::usage) << block::usage_shift;
    }
    for (unsigned i = 0; i < block::max_specifiers; ++i)
        gpr[4 + i] = all.specifiers[i];
    return status;
}

} // namespace

Outcome h_block_remove(partition::Vcpu& vcpu) { return block_remove<FirstTable>(vcpu); }
Outcome h_block_remove_dual(partition::Vcpu& vcpu) { return block_remove<BothTables>(vcpu); }
Outcome h_block_remove_resizing(partition::Vcpu& vcpu) { return block_remove<ResizingTable>(vcpu); }

} // namespace transom::hcall
