// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

extern "C" {

std::size_t strlen(const char* s) {
    std::size_t n = 0;
    while (s[n] != 0)
        ++n;
    return n;
}

std::size_t strnlen(const char* s, std::size_t limit) {
    std::size_t n = 0;
    while (n < limit && s[n] != 0)
        ++n;
    return n;
}

int strncmp(const char* a, const char* b, std::size_t n) {
    for (; n != 0; --n, ++a, ++b)
        if (*a != *b || *a == 0)
            return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
    return 0;
}

int strcmp(const char* a, const char* b) { return strncmp(a, b, ~std::size_t{0}); }

char* strrchr(const char* s, int c) {
    const char* found = nullptr;
    for (;; ++s) {
        if (*s == static_cast<char>(c))
            found = s;
        if (*s == 0)
            return const_cast<char*>(found);
    }
}

char* strchr(const char* s, int c) {
    for (; *s != static_cast<char>(c); ++s)
        if (*s == 0)
            return nullptr;
    return const_cast<char*>(s);
}

/// Decimal, hexadecimal with 0x or octal with 0 (base 0), or any base up to 16; no sign, no overflow check: libfdt and
/// lwIP read addresses with it.
unsigned long strtoul(const char* s, char** end, int base) {
    if (base == 0 && s[0] == '0' && (s[1] | 0x20) == 'x') {
        base = 16;
        s += 2;
    } else if (base == 0) {
        base = s[0] == '0' ? 8 : 10;
    }
    unsigned long value = 0;
    for (;; ++s) {
        const char lower = static_cast<char>(*s | 0x20);
        const int digit = *s >= '0' && *s <= '9' ? *s - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
        if (digit >= base)
            break;
        value = value * static_cast<unsigned long>(base) + static_cast<unsigned long>(digit);
    }
    if (end != nullptr)
        *end = const_cast<char*>(s);
    return value;
}

long strtol(const char* s, char** end, int base) {
    const bool negative = *s == '-';
    const auto value = static_cast<long>(strtoul(negative ? s + 1 : s, end, base));
    return negative ? -value : value;
}

} // extern "C"
