/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What lwIP asks of its compiler and platform. */

#ifdef __cplusplus
extern "C" {
#endif
void transom_lwip_assert(const char* what, const char* file, int line) __attribute__((noreturn));
#ifdef __cplusplus
}
#endif

#define BYTE_ORDER LITTLE_ENDIAN
#define LWIP_RAND() transom_lwip_random()
#define LWIP_PLATFORM_DIAG(x)                                                                                          \
    do {                                                                                                               \
    } while (0)
#define LWIP_PLATFORM_ASSERT(x) transom_lwip_assert(x, __FILE__, __LINE__)
