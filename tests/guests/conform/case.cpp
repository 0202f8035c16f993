// SPDX-License-Identifier: Apache-2.0
#include "case.hpp"

#include "table.hpp"

namespace conform {

Evidence evidence;

template <class T> void Context::compare(std::string_view label, T got, T expected) {
    observed_ << " " << label << "=" << got;
    if (got != expected && mismatch_.empty())
        mismatch_ << "expected " << label << "=" << expected << " got " << label << "=" << got;
}

void Context::status(std::string_view label, std::int64_t got, std::int64_t expected) { compare(label, got, expected); }

void Context::count(std::string_view label, std::uint64_t got, std::uint64_t expected) {
    compare(label, static_cast<std::int64_t>(got), static_cast<std::int64_t>(expected));
}

void Context::value(std::string_view label, std::uint64_t got, std::uint64_t expected) {
    compare(label, got, expected);
}

void Context::holds(std::string_view label, bool got) { compare<std::string_view>(label, got ? "yes" : "no", "yes"); }

void Context::remember_slot(std::uint64_t slot) {
    for (std::size_t i = 0; i < slot_count_; ++i)
        if (slots_[i] == slot)
            return;
    if (slot_count_ == slots_.size())
        guest::bail_out("a case fills more page-table slots than are cleaned up after it");
    slots_[slot_count_++] = slot;
}

void Context::clean_up() {
    for (std::size_t i = 0; i < slot_count_; ++i)
        remove(0, slots_[i], 0);
    forget_segments();
}

} // namespace conform
