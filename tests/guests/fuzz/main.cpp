// SPDX-License-Identifier: Apache-2.0
// Differential fuzzing of the page-table calls: the same random operations on two machines must have the same digests.
// README.md says what is typed and what is printed.
#include "../common/command.hpp"
#include "run.hpp"

namespace fuzz {

namespace {

Selection selection;
std::uint64_t running = 0; // seed

class Session {
  public:
    explicit Session(const guest::Machine& machine) : machine_(machine), table_(machine) {}

    /// False where the session is over.
    bool obey(const guest::Command& command) {
        const auto n = command.numbers();
        if (command.word == "off")
            return false;
        if (command.word == "run" && n.size() == 4 && n[3] != 0) {
            one_seed({.seed = n[0], .operations = n[1], .from = n[2], .every = n[3]});
        } else if (command.word == "quick" && n.size() == 2) {
            one_seed({.seed = n[0], .operations = n[1], .from = n[1], .quick = true});
        } else if (command.word == "show" && n.size() == 2) {
            one_seed({.seed = n[0], .operations = n[1], .from = n[1], .show = true});
        } else if (command.word == "many" && n.size() == 4 && n[3] != 0) {
            for (std::uint64_t i = 0; i < n[1]; ++i)
                one_seed({.seed = n[0] + i, .operations = n[2], .every = n[3]});
        } else if (command.word == "all" && n.empty()) {
            selection.clear();
            guest::print("# ok");
        } else if (command.word == "only" && n.size() % 2 == 0) {
            for (std::size_t i = 0; i < n.size(); i += 2)
                if (!selection.add({n[i], n[i + 1]}))
                    guest::bail_out("too many ranges");
            guest::print("# ok");
        } else if (command.word == "defect" && n.size() == 2) {
            defect_ = Defect{n[0], n[1]};
            guest::print("# ok");
        } else {
            guest::bail_out("a command that is none");
        }
        return true;
    }

    bool is_reference() const { return table_.is_reference(); }

  private:
    void one_seed(const Request& request) {
        running = request.seed;
        run(machine_, table_, request, selection, defect_);
    }

    const guest::Machine& machine_;
    PageTable table_;
    std::optional<Defect> defect_;
};

} // namespace

} // namespace fuzz

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) {
    Line line;
    describe(line, frame);
    line << " in seed " << static_cast<std::int64_t>(fuzz::running);
    bail_out(line.view());
}

void guest_main(const Machine& machine) {
    fuzz::Session session(machine);
    Line line;
    line << "# fuzz 1 ";
    describe(line, machine);
    line << " reference=" << (session.is_reference() ? "yes" : "no");
    print(line);
    for (;;) {
        const auto command = Command::parse(read_line());
        if (!command)
            bail_out("a command that is none");
        if (!session.obey(*command))
            return;
    }
}

} // namespace guest
