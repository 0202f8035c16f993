// SPDX-License-Identifier: Apache-2.0
#include "fuzz_output.hpp"

#include <algorithm>
#include <charconv>

namespace transom::tool {
namespace {

constexpr std::string_view at_word = "# at ", done_word = "# done ", operation_word = "# op ",
                           bail_out_word = "Bail out!";

/// "NUMBER 0xDIGEST": decimal, hexadecimal.
std::optional<FuzzRun::Checkpoint> parse_digest(std::string_view text) {
    FuzzRun::Checkpoint result;
    const char *const begin = text.data(), *const end = begin + text.size();
    const auto number = std::from_chars(begin, end, result.operation);
    if (number.ec != std::errc{} || !std::string_view(number.ptr, end).starts_with(" 0x"))
        return {};
    const auto digest = std::from_chars(number.ptr + 3, end, result.digest, 16);
    if (digest.ec != std::errc{} || digest.ptr != end)
        return {};
    return result;
}

} // namespace

std::vector<FuzzRun> parse_fuzz_runs(std::string_view terminal) {
    std::vector<FuzzRun> runs;
    FuzzRun current;
    for (;;) {
        const auto end = terminal.find('\n');
        if (end == std::string_view::npos)
            return runs;
        std::string_view line = terminal.substr(0, end);
        terminal.remove_prefix(end + 1);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.starts_with(operation_word)) {
            current.operations.emplace_back(line.substr(operation_word.size()));
        } else if (line.starts_with(at_word)) {
            if (const auto checkpoint = parse_digest(line.substr(at_word.size())))
                current.checkpoints.push_back(*checkpoint);
        } else if (line.starts_with(done_word)) {
            if (const auto done = parse_digest(line.substr(done_word.size()))) {
                current.seed = done->operation;
                current.digest = done->digest;
                runs.push_back(std::move(current));
            }
            current = {};
        }
    }
}

std::optional<std::string> fuzz_bail_out(std::string_view terminal) {
    const auto at = terminal.find(bail_out_word);
    if (at == std::string_view::npos)
        return {};
    terminal.remove_prefix(at + bail_out_word.size());
    std::string why(terminal.substr(0, terminal.find_first_of("\r\n")));
    why.erase(0, why.find_first_not_of(' '));
    return why;
}

std::optional<OperationInterval> find_difference(const FuzzRun& a, const FuzzRun& b, std::uint64_t operations) {
    if (a.digest == b.digest && a.checkpoints == b.checkpoints)
        return {};
    const auto [ours, theirs] = std::ranges::mismatch(a.checkpoints, b.checkpoints);
    const std::uint64_t begin = ours == a.checkpoints.begin() ? 0 : std::prev(ours)->operation + 1;
    // Where one has a checkpoint that the other lacks, or only what is left in the table differs: the rest.
    if (ours == a.checkpoints.end() || theirs == b.checkpoints.end() || ours->operation != theirs->operation)
        return OperationInterval{begin, std::max(operations, begin)};
    return OperationInterval{begin, ours->operation + 1};
}

} // namespace transom::tool
