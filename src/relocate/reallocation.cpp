// SPDX-License-Identifier: Apache-2.0
#include <transom/relocate/reallocation.hpp>

namespace transom::relocate {

std::string_view name(JobState state) {
    switch (state) {
    case JobState::none:
        return "none";
    case JobState::planning:
        return "planning";
    case JobState::running:
        return "running";
    case JobState::stopping:
        return "stopping";
    case JobState::done:
        return "done";
    case JobState::refused:
        return "refused";
    case JobState::stopped:
        return "stopped";
    case JobState::failed:
        return "failed";
    case JobState::planned:
        return "planned";
    }
    return "none";
}

std::string_view describe(JobFailure failure) {
    switch (failure) {
    case JobFailure::none:
        return "nothing is wrong";
    case JobFailure::no_memory:
        return "no memory for a second page table or for the states of its pages: free some";
    case JobFailure::outrun:
        return "a partition changes its page table faster than it can be copied: try again when it does less";
    case JobFailure::no_room:
        return "a node has no free block any more: end a partition there, or try again";
    case JobFailure::busy:
        return "a partition is being migrated, or changes the size of its page table: try again";
    case JobFailure::changed:
        return "a partition has come or gone: try again";
    }
    return "unknown failure";
}

} // namespace transom::relocate
