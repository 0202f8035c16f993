// SPDX-License-Identifier: Apache-2.0
#include "reallocation_bench.hpp"

#include "bundle.hpp"
#include "failure.hpp"
#include "guest_progress.hpp"
#include "interruption.hpp"
#include "machine.hpp"
#include "management_client.hpp"
#include "manifest_source.hpp"
#include "port.hpp"
#include "progress.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr std::string_view staying = "staying", moving = "moving";
constexpr auto poll_interval = std::chrono::milliseconds(20);
constexpr auto pause = std::chrono::seconds(2); // between two moves, in which it works as without them

constexpr std::string_view manifest = R"(/dts-v1/;
/ {
    compatible = "transom,manifest-1";
    partitions {
        writer {
            memory-mib = <256>;
            granule-kib = <64>;
            memory-nodes = <0>; page-table-node = <0>; processor-nodes = <0>;
            kernel = "${TRANSOM_BUILD}/tests/guests/writer.elf";
            bootargs = "writes=50 rate=400";
        };
    };
};
)";

class Run {
  public:
    Run(MachineSetup setup, Clock::time_point until)
        : setup_(prepare(std::move(setup))), until_(until), machine_("the machine", qemu_arguments(setup_)),
          management_(*setup_.management_port, operator_, until, [this] { machine_.check_running(); }) {
        timebase_ = static_cast<double>(management_.hello().number("timebase").value_or(0));
        if (timebase_ == 0)
            fail("the machine does not say how fast its time base counts");
        cost_.chips = setup_.chips;
        if (!machine_.console().wait_for("writer: ready", 0, until))
            machine_.fail_with_console("the guest does not come to its work");
    }

    ReallocationCost measure(unsigned moves) {
        const std::size_t from = machine_.console().mark();
        Progress progress(fmt::format("a partition among {} chips", setup_.chips));
        for (unsigned i = 0; i < moves; ++i) {
            stay();
            move(1 + i);
            progress.update((i + 1.0) / moves, fmt::format("move {} of {}", i + 1, moves));
        }
        stay();
        progress.done(fmt::format("{} moves", moves));
        const ConsoleFilter console = machine_.console().snapshot();
        const auto samples = collect_progress({console, from}, {console, console.terminal().size()});
        if (samples.empty() || samples.back().arrival < marks_.back().begin)
            machine_.fail_with_console("the guest has not gone on after its last move");
        for (const PhaseProgress& phase : progress_by_phase(samples, marks_, static_cast<std::uint64_t>(timebase_)))
            if (phase.phase == moving)
                cost_.slowdown = phase.slowdown;
        cost_.wrong = samples.back().wrong;
        return cost_;
    }

  private:
    MachineSetup prepare(MachineSetup setup) {
        setup.management_port = free_port();
        MachineKeys keys{fresh_private_key(), {}, {}};
        operator_ = fresh_operator(keys);
        setup.bundle = directory_.path() / "bundle";
        const ManifestFile file{"bench.dts", ".", compile_manifest_text("bench.dts", manifest)};
        write_private_file(setup.bundle, build_bundle(file, identity_of(1), keys));
        return setup;
    }
    void stay() {
        marks_.push_back({std::string(staying), Clock::now()});
        sleep(pause);
    }
    void sleep(Clock::duration time) {
        check_interruption();
        machine_.check_running();
        if (Clock::now() >= until_)
            fail("out of time");
        std::this_thread::sleep_for(time);
    }
    void move(unsigned to) {
        marks_.push_back({std::string(moving), Clock::now()});
        management_.demand(fmt::format("reallocate partition=writer to-node={}", to % setup_.chips));
        for (;;) {
            const Fields job = management_.demand("reallocation").result();
            const std::string state = job.text("state");
            if (state == "done")
                return add(job);
            if (state != "planning" && state != "running")
                machine_.fail_with_console(
                    fmt::format("the partition does not come to its node: {}", job.text("failure")));
            sleep(poll_interval);
        }
    }
    void add(const Fields& job) {
        const auto microseconds = [&](const char* key) {
            return 1e6 * static_cast<double>(job.number(key).value_or(0)) / timebase_;
        };
        ++cost_.moves;
        cost_.blocks += job.number("blocks_moved").value_or(0);
        cost_.seconds += microseconds("ticks") / 1e6;
        cost_.longest_closed_us = std::max(cost_.longest_closed_us, microseconds("longest_closed_ticks"));
        cost_.longest_stopped_us = std::max(cost_.longest_stopped_us, microseconds("stopped_ticks"));
    }

    TemporaryDirectory directory_;
    OperatorKeys operator_;
    MachineSetup setup_;
    Clock::time_point until_;
    Machine machine_;
    ManagementClient management_;
    double timebase_ = 0;
    std::vector<PhaseMark> marks_;
    ReallocationCost cost_;
};

} // namespace

ReallocationCost measure_reallocation(MachineSetup setup, unsigned moves, Clock::time_point until) {
    return Run(std::move(setup), until).measure(moves);
}

std::string to_text(const ReallocationCost& cost) {
    return fmt::format("{} chips: {} moves of a partition of 256 MiB at work, {} blocks in {:.1f} s: a block closed "
                       "for {:.0f} us at most, "
                       "{:.0f} us stopped for its page table at most, {} work meanwhile\n",
                       cost.chips, cost.moves, cost.blocks, cost.seconds, cost.longest_closed_us,
                       cost.longest_stopped_us,
                       cost.slowdown ? fmt::format("{:+.0f} %", -100 * *cost.slowdown) : "too little seen of its");
}

nlohmann::ordered_json to_json(const ReallocationCost& cost) {
    return {{"chips", cost.chips},
            {"moves", cost.moves},
            {"blocks", cost.blocks},
            {"seconds", cost.seconds},
            {"longest_closed_us", cost.longest_closed_us},
            {"longest_stopped_us", cost.longest_stopped_us},
            {"slowdown", cost.slowdown ? nlohmann::ordered_json(*cost.slowdown) : nlohmann::ordered_json(nullptr)},
            {"wrong_pages", cost.wrong}};
}

} // namespace transom::tool
