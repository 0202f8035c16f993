// SPDX-License-Identifier: Apache-2.0
#include "stream_scene.hpp"

#include <cstdio>
#include <cstdlib>

// The fuzz target of the migration stream: libFuzzer gives inputs, a broken invariant ends the process. docs/building.md, "Fuzzing".

// Stack traces with names: binutils are there wherever there is a compiler.
extern "C" const char* __asan_default_options() { return "external_symbolizer_path=/usr/bin/addr2line"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static transom::stream_fuzz::StreamScene scene;
    transom::stream_fuzz::Input input({data, size});
    const std::string wrong = scene.run(input);
    if (!wrong.empty()) {
        std::fprintf(stderr, "stream_fuzz: %s\n", wrong.c_str());
        std::abort();
    }
    return 0;
}
