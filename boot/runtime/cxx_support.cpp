// SPDX-License-Identifier: Apache-2.0
// What the compiler and the library's headers refer to and a kernel must never reach.
#include <cstdint>
#include <new>
#include <stdexcept>
#include <transom/base/panic.hpp>

extern "C" {

[[noreturn]] void __stack_chk_fail() { transom::panic("stack guard overwritten"); }
[[noreturn]] void __cxa_pure_virtual() { transom::panic("pure virtual function called"); }
[[noreturn]] void abort() { transom::panic("abort"); }
}

namespace std {
// fmt's headers declare an error class of this base and emit its table; nobody makes one.
__cow_string::~__cow_string() {}
exception::~exception() noexcept {}
const char* exception::what() const noexcept { return ""; }
runtime_error::~runtime_error() noexcept {}
const char* runtime_error::what() const noexcept { return ""; }

[[noreturn]] void terminate() noexcept { transom::panic("std::terminate"); }
[[noreturn]] void __throw_bad_alloc() { transom::panic("bad_alloc"); }
[[noreturn]] void __throw_bad_array_new_length() { transom::panic("bad_array_new_length"); }
[[noreturn]] void __throw_length_error(const char* what) { transom::panic(what); }
[[noreturn]] void __throw_out_of_range_fmt(const char* what, ...) { transom::panic(what); }
[[noreturn]] void __throw_logic_error(const char* what) { transom::panic(what); }
[[noreturn]] void __glibcxx_assert_fail(const char*, int, const char*, const char* what) noexcept {
    transom::panic(what != nullptr ? what : "library assertion");
}
} // namespace std

// No heap: a container that wants one is a mistake of ours.
void* operator new(std::size_t) { transom::panic("operator new"); }
void* operator new[](std::size_t) { transom::panic("operator new"); }
void operator delete(void*) noexcept { transom::panic("operator delete"); }
void operator delete(void*, std::size_t) noexcept { transom::panic("operator delete"); }
void operator delete[](void*) noexcept { transom::panic("operator delete"); }
void operator delete[](void*, std::size_t) noexcept { transom::panic("operator delete"); }
