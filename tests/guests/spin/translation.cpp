// SPDX-License-Identifier: Apache-2.0
#include "checks.hpp"

#include "../common/hypercall.hpp"
#include "../common/spr.hpp"

namespace spin {

namespace {

using namespace guest;

// A 256 MiB segment of 4 KiB pages with one page in it, as ISA 2.07 Book III-S 5.7 has them.
constexpr std::uint64_t address = 0x4000'0000'0000, vsid = 0x5b1;
constexpr std::uint64_t rc = 0x180, memory_coherent = 0x10, read_write = 2;

alignas(4096) std::array<std::uint64_t, 512> page;
std::uint64_t slot = 0;
bool stored = false;

} // namespace

void set_translation(const Machine& machine) {
    const std::uint64_t groups = std::uint64_t{1} << (machine.table_shift - 7);
    const auto real = reinterpret_cast<std::uint64_t>(page.data());
    const auto answer =
        hcall(call::enter, 0, (vsid & (groups - 1)) << 3, vsid << 12 | 1, real | memory_coherent | read_write);
    if (answer.status != status::success)
        bail_out("H_ENTER refused the page");
    slot = answer.r(4);
    asm volatile("isync\n slbmte %0, %1\n isync" : : "r"(vsid << 12), "r"(address | 0x800'0001) : "memory");
}

void check_translation(std::uint64_t value) {
    if (stored && (hcall(call::read, 0, slot).r(5) & rc) != rc)
        bad("reference and change", hcall(call::read, 0, slot).r(5) & rc, rc);
    auto* const word = const_cast<volatile std::uint64_t*>(&page[value % page.size()]);
    const auto at = address + value % page.size() * 8;
    const auto fault = guarded_store(at, value, msr::dr);
    if (fault.taken)
        return bad("store took interrupt", fault.vector, 0);
    if (*word != value)
        bad("translated store", *word, value);
    *word = ~value;
    std::uint64_t loaded = 0;
    if (guarded_load(at, loaded, msr::dr).taken || loaded != ~value)
        bad("translated load", loaded, ~value);
    stored = true;
}

} // namespace spin
