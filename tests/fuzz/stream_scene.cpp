// SPDX-License-Identifier: Apache-2.0
#include "stream_scene.hpp"

#include "record_tamper.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::stream_fuzz {

using migrate::MoveMode;
using migrate::MoveState;
using partition::PartitionState;

/// One connection of the source's and the one that is made for it to the target.
class StreamScene::Middle final : public net::StreamHandler {
  public:
    class Side final : public net::StreamHandler {
      public:
        Side(Middle& middle, Input& input) : middle(middle), tamper(input) {}
        std::size_t received(std::span<const std::byte> bytes) override {
            tamper.take(bytes);
            middle.forward(*this);
            return bytes.size();
        }
        void closed(net::CloseReason) override {
            stream = nullptr;
            middle.end(*this);
        }
        Middle& middle;
        RecordTamper tamper; // of what comes from here
        net::ByteStream* stream = nullptr;
        Side* other = nullptr;
    };

    explicit Middle(Input& input) : source(*this, input), target(*this, input) {
        source.other = &target;
        target.other = &source;
    }
    void forward(Side& from) {
        std::vector<std::byte>& out = from.tamper.out;
        while (from.other->stream != nullptr && !out.empty()) {
            const std::size_t taken = from.other->stream->send(out);
            if (taken == 0)
                break;
            out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(taken));
        }
        if (from.tamper.ends && out.empty())
            end(from);
    }
    void end(Side& from) {
        net::ByteStream* const other = std::exchange(from.other->stream, nullptr);
        net::ByteStream* const own = std::exchange(from.stream, nullptr);
        for (net::ByteStream* const stream : {other, own})
            if (stream != nullptr)
                stream->abort();
    }
    std::size_t received(std::span<const std::byte> bytes) override { return bytes.size(); }
    void closed(net::CloseReason) override {}

    Side source, target;
};

/// Everything that one move has of its own.
struct StreamScene::Move final : net::Listener {
    Move(StreamScene& scene, Input& input)
        : input(input), target_control(scene.there_), source(source_control, test::facts, scene.send_buffer_),
          target(target_control, test::facts, scene.receive_buffer_), arrivals(target) {
        from_source.listener = this;
        to_target.listener = &arrivals;
    }
    net::StreamHandler* accepted(net::ByteStream& stream) override {
        Middle& middle = middles.emplace_back(input);
        middle.source.stream = &stream;
        const auto onward = to_target.connect({0x0a4d0002}, migrate::migration_port, middle.target);
        middle.target.stream = *onward;
        return &middle.source;
    }
    bool pump() {
        bool moved = from_source.pump();
        moved = to_target.pump() || moved;
        for (Middle& middle : middles) {
            middle.forward(middle.source);
            middle.forward(middle.target);
        }
        return moved;
    }

    Input& input;
    test::TestSource source_control;
    test::TestTarget target_control;
    migrate::SourceSession source;
    migrate::TargetSession target;
    migrate::Arrivals arrivals;
    std::optional<migrate::SourcePages> pages;
    test::PipeNetwork from_source, to_target;
    std::list<Middle> middles;
};

StreamScene::StreamScene() = default;
StreamScene::~StreamScene() = default;

void StreamScene::populate() {
    here_.scrub();
    there_.scrub();
    partition::Partition& p = here_.build("debian", kib(64), 2);
    p.state = PartitionState::running;
    for (const std::uint64_t g : {3, 200})
        std::ranges::fill(here_.granule(g), std::byte{0x5a});
    p.sources.add(vio::terminal_source, interrupt::Trigger::message);
    static_cast<void>(
        p.hpt.restore({{9}, {papr::d0::valid | 0x1234500, 0x3000 | papr::d1::wimg_memory | 2}}, p.memory));
}

migrate::MoveOrder StreamScene::order(MoveMode mode, bool with_definition) {
    move_->source_control.session = &move_->source;
    partition::Partition& p = *here_.partition;
    room_.assign(migrate::SourcePages::room_for(p.memory.size(), p.granule) / sizeof(std::uint64_t), 0);
    const bool stays = mode == MoveMode::pre_copy;
    move_->pages.emplace(
        p.memory.size(), p.granule, std::as_writable_bytes(std::span(room_)),
        migrate::PageRules{.frequency = test::facts.timebase_frequency,
                           .decision = {.mode = stays ? migrate::CopyMode::pre_copy : migrate::CopyMode::hybrid}});
    migrate::DefinitionToSend definition;
    if (with_definition)
        definition = {.shape = {.size = definition_.size(), .digest = 0, .by_operator = true}, .bytes = &definition_};
    return {.partition = &p,
            .target = {0x0a4d0002},
            .port = migrate::migration_port,
            .pages = &*move_->pages,
            .copies = std::as_writable_bytes(std::span(copies_)),
            .mode = mode,
            .definition = definition};
}

/// Its page table goes while it runs, and changes.
void StreamScene::begin_twins(MoveMode mode) {
    has_twins_ = mode == MoveMode::pre_copy || mode == MoveMode::hybrid;
    if (has_twins_)
        twins_.begin(*here_.partition);
}

/// As a processor does, in each pass, to a page that has been sent in it: so that some go as what has changed.
void StreamScene::store_a_little() {
    if (move_->source_control.tracked == nullptr || move_->source_control.asked || move_->source.progress().pass > 4)
        return;
    migrate::PageStateTable& table = *move_->source_control.tracked;
    if (table.state({3}).status() != migrate::PageStatus::sent)
        return;
    table.raise({3 * kib(64)}, kib(64));
    here_.granule(3)[move_->source.progress().pass * 1000] ^= std::byte{1};
    table.lower({3 * kib(64)}, kib(64));
    if (has_twins_)
        twins_.protect({9}, move_->source.progress().pass % 4);
}

/// As the virtual processors do of a partition that runs at the target before all of its memory has come: one needs what is missing first,
/// the other one what is missing last, and each waits for it.
void StreamScene::need_pages() {
    if (move_->target.progress().state != MoveState::post_copying || there_.partition->state != PartitionState::running)
        return;
    partition::Partition& p = *there_.partition;
    const auto first = p.memory.first_missing({0}, p.memory.size());
    for (partition::Vcpu& vcpu : std::span(p.vcpus).first(p.vcpu_count))
        vcpu.awaits = first ? first->value : partition::Vcpu::nothing;
    if (!first)
        return;
    LogicalAddr last{p.memory.size() - p.granule};
    while (p.memory.here(last))
        last.value -= p.granule;
    p.vcpus[0].awaits = last.value;
}

void StreamScene::work(unsigned idle_rounds) {
    for (unsigned idle = 0, rounds = 0; idle < idle_rounds && rounds < 3000; ++idle, ++rounds) {
        bool moved = move_->pump();
        moved = move_->source.step(1000) || moved;
        moved = move_->target.step(1000) || moved;
        store_a_little();
        need_pages();
        if (move_->pump() || moved)
            idle = 0;
        pass(50);
    }
}

void StreamScene::pass(std::uint64_t ticks) {
    move_->source_control.ticks += ticks;
    move_->target_control.ticks += ticks;
}

std::string StreamScene::complaint() const {
#ifdef TRANSOM_FUZZ_DEFECT
    // As if nobody looked where a page belongs.
    if (move_->target.progress().failure.error == migrate::MoveError::page_range)
        return "a page beside the partition's memory was taken";
#endif
    const test::TestTarget& t = move_->target_control;
    const test::TestSource& s = move_->source_control;
    if (move_->source.progress().in_progress() && move_->source.progress().state != MoveState::post_copying)
        return "the source's session does not end";
    if (move_->target.busy())
        return "the target's session does not end";
    if (t.created != t.started + t.discarded)
        return fmt::format("{} partitions built, {} started, {} destroyed", t.created, t.started, t.discarded);
    if (t.defined > t.created)
        return "what a partition is started from was taken twice";
    if (s.resumed + s.released > 1)
        return "the source let its partition go twice";
    if (s.released != 0 && t.started == 0 && move_->source.progress().state != MoveState::completed)
        return "the source let a partition go that runs nowhere";
    // All of it is zero, if the first byte is and each is like the next.
    const std::span gap =
        std::span(arch::real_pointer(here_.table), mib(16)).subspan(std::size_t{1} << test::Home::table_log2);
    if (gap[0] != std::byte{0} || std::memcmp(gap.data(), gap.data() + 1, gap.size() - 1) != 0)
        return "memory beside the partition was written";
    return {};
}

std::string StreamScene::run(Input& input) {
    constexpr MoveMode modes[] = {MoveMode::pre_copy, MoveMode::hybrid, MoveMode::post_copy, MoveMode::stop_and_copy};
    const MoveMode mode = input.one_of(modes);
    const unsigned definition = input.below(4); // it has none, or the target has it, or it goes too
    move_ = std::make_unique<Move>(*this, input);
    populate();
    begin_twins(mode);
    move_->source_control.per_look = 100; // so that a pass takes some steps
    move_->target_control.has_definition = definition == 1;
    if (!move_->source.start(move_->from_source, order(mode, definition != 0)))
        return "the move does not start";
    work(10);
    // Whoever waits gives up, and what is cut off comes again, unchanged.
    input = Input({});
    for (const std::uint64_t seconds : {11, 31, 2, 2, 31}) {
        pass(seconds * test::facts.timebase_frequency);
        work(10);
    }
    return complaint();
}

} // namespace transom::stream_fuzz
