// SPDX-License-Identifier: Apache-2.0
#include "guest_hotplug.hpp"

#include "shell.hpp"

#include <fmt/format.h>
#include <sstream>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(300);
constexpr unsigned enough_after = 2; // cycles at the target: the first may have begun at the source

struct Count {
    unsigned cycles = 0, refused = 0;
};

Count look(Machine& machine, Clock::time_point until) {
    Count count;
    std::istringstream words(Shell(machine).run("cat /plugs", until));
    if (!(words >> count.cycles >> count.refused))
        machine.fail_with_console("the partition does not say how often its processor went");
    return count;
}

} // namespace

std::vector<std::string> HotplugReport::complaints() const {
    std::vector<std::string> list;
    if (refused != 0)
        list.push_back(fmt::format("virtual processor 1 did not go off or on {} times of {}", refused, 2 * cycles));
    if (after < enough_after || cycles == after)
        list.push_back(fmt::format("virtual processor 1 went {} times in all and {} after the move", cycles, after));
    return list;
}

void GuestHotplug::prepare(Machine& machine, Clock::time_point until) {
    Shell shell(machine);
    shell.run("p=/sys/devices/system/cpu/cpu1/online", until);
    shell.run("turn() { echo $1 >$p; [ $(cat $p) = $1 ] || f=$((f+1)); }", until);
    shell.run("count() { echo $n $f >/pl; mv /pl /plugs; }", until);
    shell.run("plug() { n=0 f=0; while [ -e /plug ]; do turn 0; turn 1; n=$((n+1)); count; done; touch /plugged; }",
              until);
}

void GuestHotplug::begin(Machine& machine, Clock::time_point until) {
    // In a shell of its own: neither the terminal's interrupts nor this shell's notices are about it.
    Shell(machine).run("rm -f /plugged; echo 0 0 >/plugs; touch /plug; (plug 2>/dev/null &)", until);
    while (look(machine, until).cycles == 0)
        std::this_thread::sleep_for(between_looks);
}

HotplugReport GuestHotplug::end(Machine& machine, Clock::time_point until) {
    const Count arrived = look(machine, until);
    Count now = arrived;
    while (now.cycles < arrived.cycles + enough_after && Clock::now() < until) {
        std::this_thread::sleep_for(between_looks);
        now = look(machine, until);
    }
    Shell(machine).run("rm /plug; until [ -e /plugged ]; do sleep 1; done", until);
    const Count last = look(machine, until);
    return {.cycles = last.cycles, .after = last.cycles - arrived.cycles, .refused = last.refused};
}

} // namespace transom::tool
