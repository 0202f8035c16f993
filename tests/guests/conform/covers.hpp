// SPDX-License-Identifier: Apache-2.0
// What a case is evidence of: which calls, and what about them. The tool holds it against the hypervisor's table of calls.
#pragma once

#include "../common/hypercall.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conform {

enum class Kind : std::uint8_t {
    none,
    good,          // does what it is for
    boundary,      // an argument just outside of what it takes
    hostile,       // reserved flags, ends of the address space, arguments that wrap
    problem_state, // made by who may not
};
constexpr std::array<std::string_view, 5> kind_names = {"none", "good", "boundary", "hostile", "problem_state"};

struct Mark {
    std::uint64_t token = 0;
    Kind kind = Kind::none;
};

/// Some marks, joined with `|`.
struct Covers {
    std::array<Mark, 6> marks{};
    std::size_t size = 0;

    constexpr Covers operator|(const Covers& other) const {
        Covers both = *this;
        for (std::size_t i = 0; i < other.size; ++i)
            both.marks[both.size++] = other.marks[i]; // beyond the end: no constant expression
        return both;
    }
};

template <class... Tokens> constexpr Covers covers(Kind kind, Tokens... tokens) {
    Covers some;
    ((some.marks[some.size++] = {tokens, kind}), ...);
    return some;
}
template <class... Tokens> constexpr Covers good(Tokens... tokens) { return covers(Kind::good, tokens...); }
template <class... Tokens> constexpr Covers boundary(Tokens... tokens) { return covers(Kind::boundary, tokens...); }
template <class... Tokens> constexpr Covers hostile(Tokens... tokens) { return covers(Kind::hostile, tokens...); }
constexpr Covers problem_state(std::uint64_t token) { return covers(Kind::problem_state, token); }

/// How the calls that the running case is marked with were answered so far.
class Evidence {
  public:
    struct Seen {
        bool accepted = false, refused = false; // the status was not negative; it was, or H_PARTIAL
        bool in_problem_state = false;
    };

    void start(const Covers& covers) {
        covers_ = covers;
        seen_ = {};
    }
    void note(std::uint64_t token, std::int64_t status) {
        for (std::size_t i = 0; i < covers_.size; ++i)
            if (covers_.marks[i].token == token && covers_.marks[i].kind != Kind::problem_state)
                (status < 0 || status == guest::status::partial ? seen_[i].refused : seen_[i].accepted) = true;
    }
    void note_problem_state(std::uint64_t token) {
        for (std::size_t i = 0; i < covers_.size; ++i)
            if (covers_.marks[i].token == token && covers_.marks[i].kind == Kind::problem_state)
                seen_[i].in_problem_state = true;
    }
    const Covers& covers() const { return covers_; }
    const Seen& seen(std::size_t i) const { return seen_[i]; }

  private:
    Covers covers_;
    std::array<Seen, 6> seen_{};
};
extern Evidence evidence;

} // namespace conform
