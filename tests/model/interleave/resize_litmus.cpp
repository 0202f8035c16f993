// SPDX-License-Identifier: Apache-2.0
#include "resize_litmus.hpp"

namespace transom::interleave {

namespace {

template <class Scene, class Fault>
Explored explore(bool grows, Fault fault, const std::function<void(Scene&)>& build) {
    Explorer explorer;
    return explorer.explore(
        [&] {
            auto scene = std::make_unique<Scene>(grows, fault);
            build(*scene);
            return scene;
        },
        400'000);
}

void changed_with_usage(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.copy();
    s.use_old(0, R | C);
    s.change_over();
    s.add([&s] { s.fold(); });
}

} // namespace

Explored explore_resize(bool grows, ResizeFault fault, const BuildResize& build) {
    return explore(grows, fault, build);
}
Explored explore_commit(bool grows, Mutation mutation, const BuildCommit& build) {
    return explore(grows, mutation, build);
}

void copy_and_enter(ResizeScene& s) {
    s.begin();
    s.add([&s] { s.copy(); });
    s.add([&s] { s.enter(0); });
}
void copy_and_remove(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.add([&s] { s.copy(); });
    s.add([&s] { s.remove(0); });
}
void copy_and_all_calls(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.add([&s] { s.copy(); });
    s.add([&s] {
        s.protect(0);
        s.remove(0);
        s.enter(0);
    });
}
void two_slots_of_one_place(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.copy();
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.enter(1); });
}
void two_enters_of_one_place(ResizeScene& s) {
    s.begin();
    s.copy();
    s.add([&s] { s.enter(0); });
    s.add([&s] { s.enter(1); });
}
void two_slots_of_one_place_and_copy(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.add([&s] { s.copy(); });
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.enter(1); });
}
void fold_and_clear(ResizeScene& s) {
    changed_with_usage(s);
    s.add([&s] { s.expect(s.clear(0, C), R | C, "H_CLEAR_MOD"); });
    s.at_end_check([](ResizeScene& at_end) {
        return at_end.usage_at_end(0) == R ? "" : "what was cleared is set again, or R is lost";
    });
}
void fold_and_remove_and_enter(ResizeScene& s) {
    changed_with_usage(s);
    s.add([&s] {
        s.expect(s.remove(0), R | C, "H_REMOVE");
        s.enter(0);
    });
    s.at_end_check([](ResizeScene& at_end) {
        return at_end.usage_at_end(0) == 0 ? "" : "an entry has R and C of the one before";
    });
}
void fold_and_reads(ResizeScene& s) {
    changed_with_usage(s);
    s.add([&s] { s.expect(s.read(0), R | C, "H_READ"); });
    s.add([&s] { s.expect(s.protect(0), R | C, "H_PROTECT"); });
    s.at_end_check(
        [](ResizeScene& at_end) { return at_end.usage_at_end(0) == (R | C) ? "" : "I3: R or C is lost by the fold"; });
}
void fold_and_use(ResizeScene& s) {
    s.put(0);
    s.begin();
    s.copy();
    s.use_old(0, R);
    s.change_over();
    s.add([&s] { s.fold(); });
    s.add([&s] { s.use_next(0, C); });
    s.at_end_check(
        [](ResizeScene& at_end) { return at_end.usage_at_end(0) == (R | C) ? "" : "I3: R or C is lost by the fold"; });
}
void commit_and_protect(CommitScene& s) {
    s.add([&s] { s.call_protect(); });
    s.add([&s] { s.commit(); });
    s.add([&s] { s.walk(); });
}
void commit_and_enter(CommitScene& s) {
    s.add([&s] { s.call_enter(); });
    s.add([&s] { s.commit(); });
}

} // namespace transom::interleave
