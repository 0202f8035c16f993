// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <charconv>
#include <transom/manage/connection.hpp>

// An operator's orders about the life of partitions.

namespace transom::manage {

namespace {

constexpr std::size_t digest_digits = 16;

std::optional<std::uint64_t> parse_digest(std::string_view text) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != digest_digits || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

} // namespace

void Connection::start_life(Request& request) {
    const std::string_view verb = request.verb();
    const bool may_force = verb == "start" || verb == "stop";
    const auto partition = request.take("partition");
    const auto force = may_force ? request.take("force") : std::nullopt;
    if (const auto key = request.left_over())
        return error("unknown-key", *key, may_force ? "this verb has partition and force" : "this verb has partition");
    if (!partition)
        return error("missing-key", "partition", "this verb needs partition=NAME");
    if (force && *force != "yes" && *force != "no")
        return error("bad-value", *force, "force is yes or no");
    const bool forced = force == "yes";
    const Done done = verb == "start"   ? machine_->start(*partition, forced)
                      : verb == "stop"  ? machine_->stop(*partition, forced)
                      : verb == "reset" ? machine_->reset(*partition)
                                        : machine_->remove(*partition);
    if (!done)
        return line("error {}: {}", done.error().name, done.error().line.view());
    order_for_ = {};
    order_mark_ = 0;
    if (verb == "start" || verb == "reset")
        partition->copy(order_for_.data(), order_for_.size() - 1);
    else
        order_mark_ = machine_->scrub_mark();
    answering_ = Answering::order;
    machine_->operator_waits();
}

/// False: what was ordered is still under way, and poll() looks again.
bool Connection::end_life() {
    const std::string_view builds = order_for_.data();
    const std::optional<Done> started = builds.empty() ? Done() : machine_->started(builds);
    if (!started || !machine_->was_scrubbed(order_mark_))
        return false;
    answering_ = Answering::nothing;
    machine_->operator_answered();
    if (*started)
        line("ok");
    else
        line("error {}: {}", started->error().name, started->error().line.view());
    return true;
}

/// The bundle is sent only after `+ send`, so that a refusal leaves no bytes to be taken for requests.
void Connection::start_define(Request& request) {
    const auto size = request.take("bytes");
    const auto digest = request.take("digest");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "define has bytes and digest");
    if (!size || !digest)
        return error("missing-key", size ? "digest" : "bytes", "define needs bytes=N and digest=XXH64");
    const auto bytes = parse_number(*size);
    if (!bytes || *bytes == 0)
        return error("bad-value", *size, "bytes is the size of the bundle that is to come");
    const auto expected = parse_digest(*digest);
    if (!expected)
        return error("bad-value", *digest, "digest is the XXH64 of the bundle, 16 hexadecimal digits");
    const auto memory = machine_->reserve(*bytes);
    if (!memory)
        return line("error {}: {}", memory.error().name, memory.error().line.view());
    upload_.begin(*memory, *expected);
    line("+ send={}", *bytes);
}

void Connection::end_define() {
    const bool intact = upload_.intact();
    const std::span<std::byte> memory = upload_.end();
    if (!intact) {
        machine_->drop(memory);
        return line("error damaged: the bundle that came is not the one of that digest: send it again");
    }
    const auto defined = machine_->define(memory);
    if (!defined) {
        machine_->drop(memory);
        return line("error {}: {}", defined.error().name, defined.error().line.view());
    }
    line("ok defined={}", *defined);
}

} // namespace transom::manage
