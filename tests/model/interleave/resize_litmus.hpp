// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commit_scene.hpp"
#include <functional>

// What there is when a scene's actors begin is made without steps: nobody runs yet.
namespace transom::interleave {

using BuildResize = std::function<void(ResizeScene&)>;
using BuildCommit = std::function<void(CommitScene&)>;
Explored explore_resize(bool grows, ResizeFault fault, const BuildResize& build);
Explored explore_commit(bool grows, Mutation mutation, const BuildCommit& build);

// From `large` to `small`, where both pages have one place.
void copy_and_enter(ResizeScene& s);
void copy_and_remove(ResizeScene& s);
void copy_and_all_calls(ResizeScene& s);
void two_slots_of_one_place(ResizeScene& s);
void two_enters_of_one_place(ResizeScene& s);
void two_slots_of_one_place_and_copy(ResizeScene& s);
// From `small` to `large`, after the change: what the old table knows comes once, and not after a call has taken or cleared it.
void fold_and_clear(ResizeScene& s);
void fold_and_remove_and_enter(ResizeScene& s);
void fold_and_reads(ResizeScene& s);
void fold_and_use(ResizeScene& s);
// H_RESIZE_HPT_COMMIT.
void commit_and_protect(CommitScene& s);
void commit_and_enter(CommitScene& s); // from `large` to `small`

} // namespace transom::interleave
