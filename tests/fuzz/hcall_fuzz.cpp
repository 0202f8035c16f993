// SPDX-License-Identifier: Apache-2.0
#include "steps.hpp"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// The fuzz target: libFuzzer gives inputs, a broken invariant ends the process. docs/building.md, "Fuzzing".

using namespace transom::hcall_fuzz;

namespace {

bool show_calls = false;
Tally tally;
const Steps* running = nullptr;
struct sigaction next_abort;

void print_call() {
    if (running != nullptr)
        std::fprintf(stderr, "hcall_fuzz: in %s\n", describe(running->call()).c_str());
    running = nullptr;
}

/// A panic says where; this adds the call. What libFuzzer does about an abort follows.
void on_abort(int signal, siginfo_t* info, void* context) {
    print_call();
    if ((next_abort.sa_flags & SA_SIGINFO) != 0 && next_abort.sa_sigaction != nullptr)
        next_abort.sa_sigaction(signal, info, context);
}

void watch_aborts() {
    struct sigaction ours {};
    ours.sa_sigaction = on_abort;
    ours.sa_flags = SA_SIGINFO;
    sigaction(SIGABRT, &ours, &next_abort);
}

#ifdef TRANSOM_FUZZ_DEFECT
/// As if a page of the second block were looked for in the block after it, which is another partition's.
void defect(Scene& scene, const Call& call) {
    const transom::partition::Vcpu& vcpu = scene.partition().vcpus[call.vcpu];
    if (call.gpr[0] != static_cast<std::uint64_t>(papr::Op::enter) || vcpu.registers.gpr[3] != 0)
        return;
    const std::uint64_t slot = vcpu.registers.gpr[4];
    SlotWords words = scene.slot(slot);
    if ((words.guest_word & transom::memory::block_size) != 0)
        words.d1 += transom::memory::block_size;
    scene.set_slot(slot, words);
}
#endif

/// All foreign memory, which takes longer than a call: now and then.
std::string damage(const Scene& scene) {
    static unsigned inputs = 0;
    if (++inputs % 512 != 0 || scene.damaged(foreign[0].size) == nullptr)
        return {};
    return "foreign memory was written, by this input or one of the last 512";
}

} // namespace

// Stack traces with names: binutils are there wherever there is a compiler.
extern "C" const char* __asan_default_options() { return "external_symbolizer_path=/usr/bin/addr2line"; }

// Called by the sanitizers' runtime before it reports.
extern "C" void __asan_on_error() { print_call(); }
extern "C" void __ubsan_on_report() { print_call(); }

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    for (int i = 1; i < *argc; ++i)
        show_calls = show_calls || std::string_view((*argv)[i]) == "--show";
    return std::atexit([] { std::fprintf(stderr, "hcall_fuzz: %s\n", tally.text().c_str()); });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Scene scene;
    static bool watched = (watch_aborts(), true);
    (void)watched;
    Input input({data, size});
    scene.begin(input);
    Steps steps(scene, input, tally);
    if (show_calls)
        steps.show_calls();
    running = &steps;
#ifdef TRANSOM_FUZZ_DEFECT
    steps.plant(defect);
#endif
    std::string broken = steps.run();
    if (broken.empty())
        broken = damage(scene);
    running = nullptr;
    if (!broken.empty()) {
        std::fprintf(stderr, "hcall_fuzz: %s\n", broken.c_str());
        std::abort();
    }
    return 0;
}
