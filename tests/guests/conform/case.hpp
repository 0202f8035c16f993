// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/guest.hpp"
#include "../common/hypercall.hpp"
#include "covers.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace conform {

using guest::Answer;
namespace call = guest::call;
namespace status = guest::status;

/// guest::hcall, and notes how it was answered.
template <class... Args> Answer hcall(std::uint64_t token, Args... arguments) {
    const Answer answer = guest::hcall(token, arguments...);
    evidence.note(token, answer.status);
    return answer;
}

/// What one case observes and what it expected. Everything observed is printed, so that two machines can be compared;
/// the first expectation that does not hold makes the case fail.
class Context {
  public:
    explicit Context(const guest::Machine& machine) : machine_(machine) {}

    const guest::Machine& machine() const { return machine_; }

    /// A return code (decimal).
    void status(std::string_view label, std::int64_t got, std::int64_t expected);
    /// How often something happened (decimal).
    void count(std::string_view label, std::uint64_t got, std::uint64_t expected);
    /// A register, a count, an entry (hex).
    void value(std::string_view label, std::uint64_t got, std::uint64_t expected);
    /// Something that must hold.
    void holds(std::string_view label, bool got);
    void skip(std::string_view reason) { skipped_ = reason; }

    bool failed() const { return !mismatch_.empty(); }
    bool skipped() const { return !skipped_.empty(); }
    std::string_view skip_reason() const { return skipped_; }
    const guest::Line& observed() const { return observed_; }
    const guest::Line& mismatch() const { return mismatch_; }

    /// Page-table slots that the case has filled are emptied after it.
    void remember_slot(std::uint64_t slot);
    void clean_up();

  private:
    template <class T> void compare(std::string_view label, T got, T expected);

    const guest::Machine& machine_;
    guest::Line observed_;
    guest::Line mismatch_;
    std::string_view skipped_;
    std::array<std::uint64_t, 64> slots_{};
    std::size_t slot_count_ = 0;
};

struct Case {
    std::string_view name; // family.case
    void (*run)(Context&);
    Covers covers = {}; // the first mark's call is the one that it is about
};

// One list per file. main.cpp runs them in this order.
std::span<const Case> call_cases();
std::span<const Case> problem_state_cases();
std::span<const Case> enter_cases();
std::span<const Case> enter_hostile_cases();
std::span<const Case> enter_flag_cases();
std::span<const Case> large_page_cases();
std::span<const Case> read_cases();
std::span<const Case> remove_cases();
std::span<const Case> bulk_remove_cases();
std::span<const Case> block_remove_cases();
std::span<const Case> clear_hpt_cases();
std::span<const Case> resize_hpt_cases();
std::span<const Case> protect_cases();
std::span<const Case> clear_cases();
std::span<const Case> translation_cases();
std::span<const Case> translation_change_cases();
std::span<const Case> interrupt_cases();
std::span<const Case> process_table_cases();
std::span<const Case> page_init_cases();
std::span<const Case> logical_cases();
std::span<const Case> facility_cases();
std::span<const Case> capacity_cases();
std::span<const Case> model_cases();
std::span<const Case> terminal_cases();
std::span<const Case> set_mode_cases();
std::span<const Case> vpa_cases();
std::span<const Case> processor_cases();
std::span<const Case> xics_cases();
std::span<const Case> rtas_cases();
std::span<const Case> start_cases();
std::span<const Case> ipi_cases();
std::span<const Case> wake_cases();
std::span<const Case> confer_cases();
std::span<const Case> join_cases();
std::span<const Case> litmus_cases();
std::span<const Case> usage_cases();
std::span<const Case> crowd_cases();
std::span<const Case> others_cases();
std::span<const Case> register_cases();
std::span<const Case> time_cases();

} // namespace conform
