// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "input.hpp"

#include "../unit/bundle_builder.hpp"
#include "../unit/home_twins.hpp"
#include "../unit/memory_pipe.hpp"
#include "../unit/move_ends.hpp"

#include <list>
#include <string>
#include <transom/migrate/arrivals.hpp>
#include <transom/migrate/source_session.hpp>

namespace transom::stream_fuzz {

using hcall_fuzz::Input;

/// A move between two sessions, with somebody in the middle who changes records of both directions as the input says, and makes their
/// checksums and sequences right again: what a session has to withstand is a peer that is mad, not only a line that is noisy.
class StreamScene {
  public:
    StreamScene();
    /// One move. Answers what is wrong afterwards; nothing where all is right.
    std::string run(Input& input);

  private:
    struct Direction;
    class Middle;
    class Lines;

    migrate::MoveOrder order(migrate::MoveMode mode, bool with_definition);
    void populate();
    void begin_twins(migrate::MoveMode mode);
    void pass(std::uint64_t ticks);
    void store_a_little();
    void need_pages();
    void work(unsigned idle_rounds);
    std::string complaint() const;

    arch::FakeMachine machine_{mib(49)};
    test::Home here_{arch::fake_real_base};
    test::Home there_{arch::fake_real_base + mib(32)};
    std::vector<std::byte> send_buffer_ = std::vector<std::byte>(migrate::max_record);
    std::vector<std::byte> receive_buffer_ = std::vector<std::byte>(migrate::max_record);
    std::vector<std::uint64_t> room_;
    std::vector<std::uint64_t> copies_ = std::vector<std::uint64_t>(mib(1) / sizeof(std::uint64_t));

    // What the partition is started from: two records of it.
    FdtBuilder fdt_;
    std::expected<tree::Manifest, tree::ManifestError> bundle_ = tree::Manifest::parse(
        test::bundle_of(fdt_, {{"debian"}}, std::vector(migrate::max_definition_bytes + 1, std::byte{0x5a})));
    tree::BundleOfOne definition_{*bundle_, bundle_->partitions()[0]};

    test::HomeTwins twins_{arch::fake_real_base + mib(48) + kib(512)}; // behind the other one's page table
    bool has_twins_ = false;

    // Anew for each move.
    struct Move;
    std::unique_ptr<Move> move_;

  public:
    ~StreamScene();
};

} // namespace transom::stream_fuzz
