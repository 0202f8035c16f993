// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/create.hpp>
#include <transom/partition/roster.hpp>

namespace transom::relocate {

/// Gives partitions that are built the place that is worth most in what is free (the composite formula), where their manifests say nothing: nobody
/// else moves for it.
class Placer final : public partition::Placement {
  public:
    /// All of them outlive it.
    Placer(partition::Roster& roster, const memory::Frames& frames, const affinity::Topology& topology)
        : roster_(roster), frames_(frames), topology_(topology) {}

    void place(partition::Shape& shape) override;

  private:
    void count_free(std::span<affinity::Amounts> free) const;

    partition::Roster& roster_;
    const memory::Frames& frames_;
    const affinity::Topology& topology_;
};

} // namespace transom::relocate
