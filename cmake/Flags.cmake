# SPDX-License-Identifier: Apache-2.0
# Two interface targets carry every flag:
#   transom_warnings   what all of our code is compiled with
#   transom_core_flags what may run on the machine is compiled with, on the host too (no exceptions, no RTTI)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# Lines and functions are what a failed test or a sanitizer prints; variables would be a third of the time to build.
set(TRANSOM_DEBUG_LEVEL 1 CACHE STRING "-g level of host builds; 2 for a debugger")
set(TRANSOM_SANITIZE "" CACHE STRING "-fsanitize= list for host builds")

add_library(transom_warnings INTERFACE)
target_compile_options(transom_warnings INTERFACE
    -Wall -Wextra -Werror $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wnon-virtual-dtor -Woverloaded-virtual -Wconversion -Wno-sign-conversion
    -Wimplicit-fallthrough -Wundef)

# What users of the core's headers need, and what the core itself is compiled with besides.
add_library(transom_headers INTERFACE)
target_include_directories(transom_headers INTERFACE ${CMAKE_SOURCE_DIR}/include)
add_library(transom_core_flags INTERFACE)
target_link_libraries(transom_core_flags INTERFACE transom_warnings transom_headers)
target_compile_options(transom_core_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics>)

if(TRANSOM_TARGET STREQUAL "power")
    # The host's header-only libraries, by name and nothing else of /usr/include.
    set(imported ${CMAKE_BINARY_DIR}/imported-include)
    file(MAKE_DIRECTORY ${imported})
    foreach(header fmt xxhash.h xxh3.h)
        if(NOT EXISTS /usr/include/${header})
            message(FATAL_ERROR "/usr/include/${header} is missing: run tools/setup")
        endif()
        file(CREATE_LINK /usr/include/${header} ${imported}/${header} SYMBOLIC)
    endforeach()
    if(NOT EXISTS ${TRANSOM_CACHE}/ppc64el/libfdt.a)
        message(FATAL_ERROR "${TRANSOM_CACHE}/ppc64el/libfdt.a is missing: run tools/setup")
    endif()
    add_library(fdt STATIC IMPORTED GLOBAL)
    set_target_properties(fdt PROPERTIES IMPORTED_LOCATION ${TRANSOM_CACHE}/ppc64el/libfdt.a
        INTERFACE_INCLUDE_DIRECTORIES ${TRANSOM_CACHE}/ppc64el/include)
    # Integer registers only: the partition's FP, VMX and VSX registers stay where they are during a hypervisor call.
    # -mlong-double-64: without it libstdc++ 12 refuses to compile with VSX off.
    add_library(transom_machine_flags INTERFACE)
    target_compile_options(transom_machine_flags INTERFACE
        -mcpu=power8 -mno-vsx -mno-altivec -msoft-float -mlong-double-64 -mcmodel=medium -fno-pic -ftls-model=local-exec
        -ffreestanding --param=min-pagesize=0 -fno-asynchronous-unwind-tables -fno-common -ffunction-sections -fdata-sections
        --param=sra-max-scalarization-size-Ospeed=256)
    target_link_libraries(transom_core_flags INTERFACE transom_machine_flags)
    target_compile_options(transom_core_flags INTERFACE -fstack-protector-strong -isystem ${imported})
    # fmt without exceptions, locale or floating point: what is left formats integers and text into a buffer. Format
    # strings are checked when compiled; what is left of its errors ends in a trap, which the panic handler prints.
    target_compile_options(transom_core_flags INTERFACE
        "-DFMT_THROW(x)=__builtin_trap()" "-DFMT_ASSERT(condition,message)=((condition)?(void)0:__builtin_trap())")
    target_compile_definitions(transom_core_flags INTERFACE
        FMT_HEADER_ONLY FMT_EXCEPTIONS=0 FMT_STATIC_THOUSANDS_SEPARATOR=',' FMT_USE_FLOAT=0 FMT_USE_DOUBLE=0
        FMT_USE_LONG_DOUBLE=0 FMT_USE_FLOAT128=0)
    target_include_directories(transom_headers INTERFACE ${CMAKE_SOURCE_DIR}/arch/power/include)
else()
    add_library(fdt INTERFACE)
    find_library(LIBFDT fdt REQUIRED)
    target_link_libraries(fdt INTERFACE ${LIBFDT})
    find_package(fmt REQUIRED)
    target_link_libraries(transom_headers INTERFACE fmt::fmt)
    target_include_directories(transom_headers INTERFACE ${CMAKE_SOURCE_DIR}/arch/fake/include)
    add_compile_options(-g${TRANSOM_DEBUG_LEVEL})
    if(TRANSOM_SANITIZE)
        add_compile_options(-O1)
        # What the sanitizers add makes GCC 12 see overflows that are not there; the other presets keep these warnings.
        add_compile_options(-fsanitize=${TRANSOM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
            "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-array-bounds;-Wno-maybe-uninitialized>")
        add_link_options(-fsanitize=${TRANSOM_SANITIZE})
        if(TRANSOM_SANITIZE STREQUAL "thread")
            # ThreadSanitizer does not know fences, and says so. Those of the fake machine order what table walks see.
            add_compile_options(-Wno-tsan)
        endif()
    endif()
endif()
