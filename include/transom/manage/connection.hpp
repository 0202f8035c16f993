// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <string_view>
#include <transom/manage/machine.hpp>
#include <transom/manage/request.hpp>
#include <transom/manage/upload.hpp>
#include <transom/migrate/record.hpp>

namespace transom::manage {

constexpr std::size_t max_request = 512;
constexpr std::size_t digests_per_line = 64;
/// The longest line of an answer: one of digests.
constexpr std::size_t max_answer_line = 1408;
static_assert(max_answer_line > digests_per_line * 17 + 40);

/// One operator's connection: docs/manage.md. Makes one line of an answer at a time, when there is room for it, and takes
/// the next request when the answer is out.
class Connection final : public net::StreamHandler {
  public:
    bool free() const { return stream_ == nullptr; }
    /// `number`, from 1, is no other connection's.
    void take(net::ByteStream& stream, Machine& machine, std::uint32_t number);

    /// Lets a terminal's output out, and the answer to an order that has been carried out. To be called now and then; true: soon again.
    bool poll();
    /// A partition is about to be taken apart: where this connection is one of its terminals it takes what is there still, as far as there is
    /// room for it.
    void take_last(const partition::Partition& partition);

    std::size_t received(std::span<const std::byte> bytes) override;
    void sent() override;
    void closed(net::CloseReason reason) override;

  private:
    /// Answers of more than one line go on from `cursor_`.
    enum class Answering : std::uint8_t {
        nothing,
        status,
        standing,
        steps,
        digest,
        report,
        calls,
        trace,
        passes,
        order,
        recovery
    };

    void start_answer(std::string_view line);
    void start_migrate(Request& request);
    void start_digest(Request& request);
    void start_recover(Request& request);
    bool end_recover();
    bool waits_for_order() const { return answering_ == Answering::order || answering_ == Answering::recovery; }
    void order_fault(Request& request);
    void say_fault(const fault::FaultPlan& plan, std::optional<migrate::MoveState> phase);
    void start_life(Request& request);
    bool end_life();
    void start_define(Request& request);
    void end_define();
    void start_console(Request& request);
    partition::Partition* named_for_calls(std::optional<std::string_view> name, std::string_view verb);
    void start_calls(Request& request);
    void start_trace(Request& request);
    partition::Partition* attached();
    std::size_t take_output(partition::Partition& partition);
    std::size_t type(std::span<const std::byte> bytes);
    void leave_console();
    void answer_migration();
    bool next_line();
    void next_status();
    void next_digests();
    void next_counter();
    void next_call();
    void next_trace();
    void next_pass();
    void next_standing();
    void next_step();
    void say_node(relocate::Standing& standing, affinity::NodeIndex index);
    void say_place(relocate::Standing& standing, const partition::Partition& partition);
    void append_score(std::string_view key, const std::optional<affinity::Score>& score);
    void order_affinity(Request& request);
    using Named = relocate::ReallocationRequest::Named;
    bool take_named(std::optional<std::string_view> list, Named& named);
    bool take_number(Request& request, std::string_view key, std::uint64_t least, std::uint64_t most,
                     std::string_view remedy, std::optional<std::uint64_t>& number);
    bool take_thresholds(Request& request, std::optional<affinity::Thresholds>& worth);
    bool take_order(Request& request, relocate::ReallocationRequest& order);
    void start_reallocate(Request& request);
    void answer_reallocation();
    bool produce();
    template <class... Args> void line(fmt::format_string<Args...> format, Args&&... arguments);
    template <class... Args> void append(fmt::format_string<Args...> format, Args&&... arguments);
    void end_line();
    void error(std::string_view name, std::string_view word, std::string_view remedy);

    net::ByteStream* stream_ = nullptr;
    Machine* machine_ = nullptr;
    std::uint32_t number_ = 0;
    std::array<char, max_request> request_{};
    std::size_t request_size_ = 0;
    bool request_too_long_ = false;
    std::array<char, max_answer_line> out_{};
    std::size_t out_size_ = 0;
    std::size_t out_sent_ = 0;
    Answering answering_ = Answering::nothing;
    std::size_t cursor_ = 0;
    std::uint64_t steps_of_ = 0;      // when the reallocation began whose steps are being listed
    migrate::NameField order_for_{};  // the partition that is being started or asked about, or none,
    std::uint64_t order_mark_ = 0;    // and what has to be scrubbed before the order is carried out
    migrate::NameField calls_of_{};   // the partition whose calls are being listed
    std::uint64_t trace_end_ = 0;     // how many calls had been recorded when the trace was asked for
    migrate::NameField digests_of_{}; // the partition whose digests are being sent,
    std::size_t digest_count_ = 0;    // and how many there were at the beginning
    bool console_ = false;            // bytes are a terminal's now, and no requests
    migrate::NameField console_of_{}; // the partition,
    std::uint32_t terminal_ = 0;      // and which of its terminals
    std::size_t scrollback_left_ = 0; // of what the terminal has kept: not sent yet
    Upload upload_;                   // while it is under way bytes are a bundle's, and no requests
    bool kept_back_ = false;          // received() has left bytes with the connection
    bool shut_down_ = false;          // once the answer is out
};

} // namespace transom::manage
