// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/relax.hpp>
#include <atomic>

namespace transom {

/// Mutual exclusion between processors, for a few hundred instructions. Not recursive.
class SpinLock {
  public:
    void lock() {
        while (held_.test_and_set(std::memory_order_acquire))
            while (held_.test(std::memory_order_relaxed))
                arch::relax();
    }
    void unlock() { held_.clear(std::memory_order_release); }

  private:
    std::atomic_flag held_;
};

/// Holds a lock as long as it lives.
class [[nodiscard]] Locked {
  public:
    explicit Locked(SpinLock& lock) : lock_(lock) { lock_.lock(); }
    ~Locked() { lock_.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

  private:
    SpinLock& lock_;
};

} // namespace transom
