// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"
#include "register_check.hpp"
#include <bitset>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/record.hpp>

namespace transom::migrate {

namespace {

using partition::spr_count;
using partition::spr_list;

std::optional<std::size_t> spr_by_number(std::uint32_t number) {
    for (std::size_t i = 0; i < spr_count; ++i)
        if (spr_list[i].number == number)
            return i;
    return std::nullopt;
}

std::expected<void, Failure> decode_sprs(std::span<const std::byte> list, std::size_t count,
                                         partition::Registers& registers, const MachineFacts& ours) {
    std::bitset<spr_count> seen;
    for (std::size_t i = 0; i < count; ++i) {
        const auto record = element<SprRecord>(list, i);
        const auto index = spr_by_number(record.number);
        if (!index)
            return std::unexpected(failure(MoveError::register_set, "special purpose register {} is unknown here",
                                           std::uint32_t{record.number}));
        if (seen.test(*index))
            return std::unexpected(failure(MoveError::register_set, "{} came twice", spr_list[*index].name));
        if (record.zero != 0)
            return std::unexpected(
                failure(MoveError::record_content, "{} comes with a field that must be zero", spr_list[*index].name));
        if (auto loadable = check_spr(*index, record.value, ours); !loadable)
            return loadable;
        seen.set(*index);
        registers.spr[*index] = record.value;
    }
    for (std::size_t i = 0; i < spr_count; ++i)
        if (!seen.test(i))
            return std::unexpected(failure(MoveError::register_set, "{} is missing", spr_list[i].name));
    return {};
}

} // namespace

std::size_t encode_vcpu(const partition::Vcpu& vcpu, std::span<std::byte> to) {
    const partition::Registers& r = vcpu.registers;
    VcpuRecord record;
    record.index = vcpu.index;
    record.state = static_cast<std::uint8_t>(vcpu.state);
    record.prodded = vcpu.prodded;
    record.pending = vcpu.reset_pending ? pending_system_reset : 0;
    record.little_endian = vcpu.interrupt_mode.little_endian;
    record.alternate_location = vcpu.interrupt_mode.alternate_location;
    record.decrementer_expiry = vcpu.decrementer_expiry;
    for (std::size_t i = 0; i < r.gpr.size(); ++i)
        record.gpr[i] = r.gpr[i];
    record.nip = r.nip;
    record.msr = r.msr;
    record.cr = r.cr;
    record.lr = r.lr;
    record.ctr = r.ctr;
    record.xer = r.xer;
    record.fpscr = r.fpscr;
    record.vscr = r.vscr;
    for (std::size_t i = 0; i < r.vsr.size(); ++i)
        record.vsr[i] = {r.vsr[i][0], r.vsr[i][1]};
    for (std::size_t i = 0; i < r.slb.size(); ++i)
        record.slb[i] = {r.slb[i].e, r.slb[i].v};
    record.spr_count = spr_count;
    PayloadWriter out(to);
    out.put(record);
    for (std::size_t i = 0; i < spr_count; ++i)
        out.put(SprRecord{spr_list[i].number, {}, r.spr[i]});
    return out.size();
}

std::expected<VcpuIndex, Failure> decode_vcpu(std::span<const std::byte> payload, partition::Partition& partition,
                                              const MachineFacts& ours) {
    if (payload.size() < sizeof(VcpuRecord))
        return std::unexpected(failure(MoveError::record_length, "vcpu has {} bytes", payload.size()));
    const auto record = element<VcpuRecord>(payload, 0);
    if (payload.size() - sizeof record != record.spr_count * sizeof(SprRecord))
        return std::unexpected(failure(MoveError::record_length, "vcpu has {} bytes for {} registers", payload.size(),
                                       std::uint32_t{record.spr_count}));
    const VcpuIndex index = record.index;
    const bool known_mode =
        record.alternate_location == 0 || record.alternate_location == 2 || record.alternate_location == 3;
    if (index >= partition.vcpu_count || record.state > static_cast<std::uint8_t>(partition::VcpuState::joined) ||
        record.prodded > 1 || record.little_endian > 1 || !known_mode || (record.pending & ~pending_system_reset) != 0)
        return std::unexpected(
            failure(MoveError::record_content, "vcpu {} has a state that a partition can not have", index));

    if (auto loadable = check_msr(index, record.msr); !loadable)
        return std::unexpected(loadable.error());
    std::array<partition::SlbEntry, record.slb.size()> slb;
    for (std::size_t i = 0; i < slb.size(); ++i)
        slb[i] = {record.slb[i].e, record.slb[i].v};
    if (auto loadable = check_slb(index, slb); !loadable)
        return std::unexpected(loadable.error());

    partition::Vcpu& vcpu = partition.vcpus[index];
    partition::Registers& r = vcpu.registers;
    vcpu.state = static_cast<partition::VcpuState>(record.state);
    vcpu.prodded = record.prodded != 0;
    vcpu.reset_pending = record.pending == pending_system_reset;
    vcpu.interrupt_mode = {record.little_endian != 0, record.alternate_location};
    vcpu.decrementer_expiry = record.decrementer_expiry;
    for (std::size_t i = 0; i < r.gpr.size(); ++i)
        r.gpr[i] = record.gpr[i];
    r.nip = record.nip;
    r.msr = record.msr;
    r.cr = record.cr;
    r.lr = record.lr;
    r.ctr = record.ctr;
    r.xer = record.xer;
    r.fpscr = record.fpscr;
    r.vscr = record.vscr;
    for (std::size_t i = 0; i < r.vsr.size(); ++i)
        r.vsr[i] = {record.vsr[i][0], record.vsr[i][1]};
    r.slb = slb;
    if (auto sprs = decode_sprs(payload.subspan(sizeof record), record.spr_count, r, ours); !sprs)
        return std::unexpected(sprs.error());
    return index;
}

} // namespace transom::migrate
