// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include "digest.hpp"
#include "show.hpp"
#include "table_state.hpp"

namespace fuzz {

namespace {

void print_digest(std::string_view word, std::uint64_t number, std::uint64_t digest) {
    guest::Line line;
    line << word << static_cast<std::int64_t>(number) << " " << digest;
    guest::print(line);
}

class Run {
  public:
    Run(const guest::Machine& machine, const PageTable& table, const Request& request,
        const std::optional<Defect>& defect)
        : scene_(machine, request.seed), table_(table), performer_(scene_, table), request_(request) {
        if (defect && defect->seed == request.seed)
            defect_at_ = defect->operation;
        scene_.set_segments();
        arena::reset();
    }

    void operations(std::uint64_t first, std::uint64_t end) {
        for (std::uint64_t i = first; i < end; ++i) {
            one(i);
            // At places that do not depend on what is left out.
            if (i >= request_.from && (i + 1) % request_.every == 0)
                print_digest("# at ", i, combined(digest_groups(scene_, table_)));
        }
    }

    void finish() {
        const auto rest = request_.quick ? empty_groups(scene_, table_) : empty_table(scene_, table_);
        guest::forget_segments();
        print_digest("# done ", request_.seed, combined(rest));
    }

  private:
    void one(std::uint64_t index) {
        Operation op = generate(scene_, request_.seed, index);
        Result result = performer_.perform(op);
        if (defect_armed_ && op.kind == Kind::call && op.token == guest::call::remove && result.words()[0] == 0) {
            result[2] ^= guest::entry::c;
            defect_armed_ = false;
        }
        defect_armed_ = defect_armed_ || index == defect_at_;
        for (const auto word : result.words())
            digest_.add(word);
        if (request_.show)
            show(index, op, result);
    }

    std::uint64_t combined(std::uint64_t state) const {
        Digest both = digest_;
        both.add(state);
        return both.value();
    }

    Scene scene_;
    const PageTable& table_;
    Performer performer_;
    const Request& request_;
    Digest digest_;
    std::optional<std::uint64_t> defect_at_;
    bool defect_armed_ = false;
};

} // namespace

bool Selection::add(Range range) {
    if (size_ == most)
        return false;
    ranges_[size_++] = range;
    return true;
}

void run(const guest::Machine& machine, const PageTable& table, const Request& request, const Selection& selection,
         const std::optional<Defect>& defect) {
    Run run(machine, table, request, defect);
    if (selection.ranges().empty())
        run.operations(0, request.operations);
    for (const auto range : selection.ranges())
        run.operations(range.first, range.end < request.operations ? range.end : request.operations);
    run.finish();
}

} // namespace fuzz
