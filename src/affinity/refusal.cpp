// SPDX-License-Identifier: Apache-2.0
#include <transom/affinity/refusal.hpp>

namespace transom::affinity {

std::string_view describe(Refusal refusal) {
    switch (refusal) {
    case Refusal::no_gain:
        return "it would gain too little for what it costs";
    case Refusal::is_protected:
        return "the partition is protected";
    case Refusal::no_room:
        return "a node has too little room for it";
    case Refusal::other_size:
        return "the proposal has another amount of memory or processors than the partition";
    case Refusal::too_soon:
        return "the partition was moved a short while ago";
    case Refusal::good_enough:
        return "its score is above the threshold";
    }
    return "unknown refusal";
}

std::optional<Refusal> judge(const Request& request, const Thresholds& thresholds) {
    if (request.since_last_move && *request.since_last_move < thresholds.cooldown)
        return Refusal::too_soon;
    if (request.current > thresholds.highest)
        return Refusal::good_enough;
    const std::int64_t gain = request.potential.millionths - request.current.millionths;
    if (request.after_last_move &&
        request.potential.millionths - request.after_last_move->millionths < thresholds.hysteresis.millionths)
        return Refusal::no_gain;
    if (gain >= thresholds.gain.millionths)
        return {};
    if (gain >= thresholds.small_gain.millionths && gain * request.memory > thresholds.gain.millionths * request.copies)
        return {};
    return Refusal::no_gain;
}

} // namespace transom::affinity
