// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <algorithm>
#include <transom/manage/connection.hpp>

// Whether a partition whose move ended in doubt goes on here.

namespace transom::manage {

void Connection::start_recover(Request& request) {
    const auto partition = request.take("partition");
    const auto owner = request.take("owner");
    const auto force = request.take("force");
    if (const auto key = request.left_over())
        return error("unknown-key", *key, "recover has partition, owner and force");
    if (!partition)
        return error("missing-key", "partition", "recover needs partition=NAME");
    if (owner && *owner != "here" && *owner != "peer")
        return error("bad-value", *owner, "owner is here (the peer does not have it, and never will) or peer");
    if (force && *force != "peer-dead")
        return error("bad-value", *force, "force is peer-dead: the machine that it moved to is dead for good");
    if (owner && !force)
        return error(
            "missing-key", "force",
            "only who knows that the peer is dead for good decides: force=peer-dead; without owner it is asked");
    if (force && !owner)
        return error("missing-key", "owner", "force=peer-dead needs owner=here or owner=peer");
    const auto done = force
                          ? machine_->force(*partition, *owner == "here" ? migrate::Owner::here : migrate::Owner::peer)
                          : machine_->recover(*partition);
    if (!done)
        return line("error {}: {}", migrate::name(done.error().error), done.error().text());
    if (force && machine_->recovery(*partition).outcome != migrate::Recovery::Outcome::asking)
        return line("ok owner={}", *owner);
    order_for_ = {};
    partition->copy(order_for_.data(), order_for_.size() - 1);
    answering_ = Answering::recovery;
    machine_->operator_waits();
}

/// False: the target has not answered yet, and poll() looks again.
bool Connection::end_recover() {
    using enum migrate::Recovery::Outcome;
    const std::string_view name = order_for_.data();
    const migrate::Recovery found = machine_->recovery(name);
    if (found.outcome == asking)
        return false;
    answering_ = Answering::nothing;
    machine_->operator_answered();
    if (found.outcome != in_doubt)
        line("ok owner={}", found.outcome == here ? "here" : "peer");
    else if (found.ran_there)
        line("error in-doubt: {} has run at the other machine, which lacks some of its memory and does not say that it "
             "has it "
             "({}): if that machine is dead it is lost, and recover partition={} owner=peer force=peer-dead frees what "
             "is here",
             name, found.heard.text(), name);
    else
        line("error in-doubt: {} is in doubt still, the other machine does not say who has it ({}): if that machine is "
             "dead say recover partition={} owner=here force=peer-dead",
             name, found.heard.text(), name);
    return true;
}

} // namespace transom::manage
