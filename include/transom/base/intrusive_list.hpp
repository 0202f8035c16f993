// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <transom/base/panic.hpp>

namespace transom {

/// Objects in the order in which they came, linked by a member of theirs that is null outside: as many as there are. They stay where
/// they are, and outlive the list or are removed.
template <class T, T* T::*next> class IntrusiveList {
  public:
    class Iterator {
      public:
        using value_type = T*;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        explicit Iterator(T* at) : at_(at) {}
        T* operator*() const { return at_; }
        Iterator& operator++() {
            at_ = at_->*next;
            return *this;
        }
        Iterator operator++(int) {
            const Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        T* at_ = nullptr;
    };

    Iterator begin() const { return Iterator(first_); }
    Iterator end() const { return Iterator(); }
    bool contains(const T& object) const {
        for (const T* each : *this)
            if (each == &object)
                return true;
        return false;
    }

    void push_back(T& object) {
        T** link = &first_;
        for (; *link != nullptr; link = &((*link)->*next))
            invariant(*link != &object, "an object is put into a list twice");
        *link = &object;
        object.*next = nullptr;
    }
    void remove(T& object) {
        T** link = &first_;
        for (; *link != &object; link = &((*link)->*next))
            invariant(*link != nullptr, "an object leaves a list that it is not in");
        *link = object.*next;
        object.*next = nullptr;
    }

  private:
    T* first_ = nullptr;
};

} // namespace transom
