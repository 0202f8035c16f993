# SPDX-License-Identifier: Apache-2.0
# LZ4's block format, built from Debian's source package (tools/setup fetches it): one file, without a heap.
set(lz4_source ${TRANSOM_CACHE}/lz4)
if(NOT EXISTS ${lz4_source}/lz4.c)
    message(FATAL_ERROR "${lz4_source} is missing: run tools/setup")
endif()

# Its object becomes part of the core, on the host too, so that what is tested is what runs.
add_library(lz4 OBJECT ${lz4_source}/lz4.c)
target_include_directories(lz4 SYSTEM PUBLIC ${lz4_source})
target_compile_definitions(lz4 PUBLIC LZ4_FREESTANDING=1 LZ4_memcpy=__builtin_memcpy LZ4_memmove=__builtin_memmove
    LZ4_memset=__builtin_memset)
target_compile_options(lz4 PRIVATE -O2)
if(TRANSOM_TARGET STREQUAL "power")
    target_link_libraries(lz4 PRIVATE transom_machine_flags)
    target_compile_options(lz4 PRIVATE -fstack-protector-strong)
endif()
