// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/real_memory.hpp>
#include <transom/base/address.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define TRANSOM_FUZZ_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRANSOM_FUZZ_POISON 1
#endif
#endif
#ifdef TRANSOM_FUZZ_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace transom::hcall_fuzz {

/// From now on an access to the range is an error of AddressSanitizer's, where that is compiled in.
inline void poison([[maybe_unused]] RealRange range) {
#ifdef TRANSOM_FUZZ_POISON
    __asan_poison_memory_region(arch::real_pointer(range.begin), range.size);
#endif
}
inline void unpoison([[maybe_unused]] RealRange range) {
#ifdef TRANSOM_FUZZ_POISON
    __asan_unpoison_memory_region(arch::real_pointer(range.begin), range.size);
#endif
}

} // namespace transom::hcall_fuzz
