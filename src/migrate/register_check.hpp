// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <transom/migrate/hello.hpp>
#include <transom/partition/registers.hpp>

// Whether what a peer sent may be loaded into registers by hypervisor code, where a wrong value does harm before the
// partition runs its first instruction. Failures name the register.

namespace transom::migrate {

std::expected<void, Failure> check_msr(std::uint32_t vcpu, std::uint64_t msr);
/// The entries as arch::run gives them to slbmte, each at its index; entries that are not valid are zero.
std::expected<void, Failure> check_slb(std::uint32_t vcpu, std::span<const partition::SlbEntry> slb);
/// `index` is that of partition::spr_list.
std::expected<void, Failure> check_spr(std::size_t index, std::uint64_t value, const MachineFacts& ours);

} // namespace transom::migrate
