// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace fuzz {

enum class Kind : std::uint8_t { call, load, store, fetch, set_amr };

struct Operation {
    Kind kind = Kind::call;
    std::uint64_t token = 0;             // of a call
    std::array<std::uint64_t, 8> a = {}; // its arguments; of an access the address and the value, of set_amr the value
    bool operand_of_entry = false;       // the operand of a condition is put in when performed: the slot's own AVPN
    bool passing = false;                // what an H_ENTER brought in goes at once
    Kind around =
        Kind::call; // an access to the page of a call's (first) slot just before and just after it; call: none
    std::uint64_t around_at = 0; // its address, put in when performed; 0: the slot maps no page of ours
};

/// The operation with that index. Depends on nothing else than the arguments.
Operation generate(const Scene& scene, std::uint64_t seed, std::uint64_t index);

/// What an operation answered, as far as the architecture defines it.
class Result {
  public:
    void add(std::uint64_t word) { words_[size_++] = word; }
    void add(const Result& other) {
        for (const auto word : other.words())
            add(word);
    }
    std::span<const std::uint64_t> words() const { return {words_.data(), size_}; }
    std::uint64_t& operator[](std::size_t i) { return words_[i]; }

  private:
    std::array<std::uint64_t, 24> words_;
    std::size_t size_ = 0;
};

} // namespace fuzz
