// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <transom/partition/shared_pool.hpp>
#include <vector>

namespace transom::partition {

/// What a simulated virtual processor does: it runs and sleeps by turns. Ticks; a sleep of 0 is none.
struct Workload {
    std::function<std::uint64_t()> run = [] { return ~std::uint64_t{0} / 4; }; // for ever
    std::function<std::uint64_t()> sleep = [] { return std::uint64_t{0}; };
};

/// Physical processors that share a pool, event by event.
class PoolSimulation {
  public:
    static constexpr std::uint64_t ms = 1000, window = 10 * ms, quantum = ms * 5 / 2; // a tick is a microsecond

    struct Vcpu {
        Contender contender;
        Workload workload;
        std::uint64_t left = 0; // of this run
        std::optional<std::uint64_t> wakes_at = 0;
        std::uint64_t used = 0, used_at_home = 0;
        std::uint64_t woken_at = 0;
        bool counted = true; // the wait since it woke
    };
    struct Member {
        PoolMember pool;
        std::deque<Vcpu> vcpus;

        std::uint64_t used() const {
            std::uint64_t sum = 0;
            for (const Vcpu& vcpu : vcpus)
                sum += vcpu.used;
            return sum;
        }
    };

    explicit PoolSimulation(std::size_t processors) : pool(window, quantum), processors_(processors) {}
    /// Processors on nodes, by their numbers.
    explicit PoolSimulation(const std::vector<std::uint8_t>& nodes) : PoolSimulation(nodes.size()) {
        nodes_ = nodes;
        pool.set_nodes(nodes);
    }

    /// Of dedicated processors it gets the last ones.
    Member& add(const CapacityClaim& claim, std::size_t vcpus, const Workload& workload = {}) {
        Member& member = *members_.emplace_back(std::make_unique<Member>());
        member.pool.claim = claim;
        for (std::size_t i = 0; i < vcpus; ++i) {
            Vcpu& vcpu = member.vcpus.emplace_back();
            vcpu.workload = workload;
            vcpu.contender.member = &member.pool;
            vcpu.wakes_at = now;
            if (claim.dedicated()) {
                vcpu.contender.home = static_cast<std::uint32_t>(processors_.size() - 1 - i);
                vcpu.contender.lends = claim.processors == Processors::donating;
            }
            EXPECT_TRUE(member.pool.contenders.push_back(&vcpu.contender));
        }
        pool.add(member.pool, now);
        return member;
    }

    void run_until(std::uint64_t end) {
        while (now < end) {
            wake();
            dispatch();
            std::uint64_t next = std::min(end, std::max(pool.window_end(), now + 1));
            for (const Processor& processor : processors_)
                if (processor.vcpu != nullptr)
                    next = std::min(next, processor.ends_at);
            for_each([&](Vcpu& vcpu) {
                if (vcpu.wakes_at)
                    next = std::min(next, *vcpu.wakes_at);
            });
            now = next;
            for (Processor& processor : processors_)
                if (processor.vcpu != nullptr && processor.ends_at <= now)
                    stop(processor);
        }
        for_each([&](Vcpu& vcpu) {
            if (vcpu.contender.state == Contender::State::ready)
                longest_wait = std::max(longest_wait, now - vcpu.contender.ready_since);
        });
    }

    SharedPool pool;
    std::uint64_t now = 0;
    std::uint64_t overrun = 0;            // ticks by which each turn ends too late
    std::vector<std::uint64_t> latencies; // from a wake-up to the first turn
    std::uint64_t longest_wait = 0;       // ready without a turn, until it came or the end

  private:
    struct Processor {
        Vcpu* vcpu = nullptr;
        std::uint64_t since = 0, ends_at = 0;
    };

    void for_each(const std::function<void(Vcpu&)>& with) {
        for (auto& member : members_)
            for (Vcpu& vcpu : member->vcpus)
                with(vcpu);
    }

    Vcpu& of(const Contender& contender) {
        Vcpu* found = nullptr;
        for_each([&](Vcpu& vcpu) {
            if (&vcpu.contender == &contender)
                found = &vcpu;
        });
        return *found;
    }

    void wake() {
        for_each([&](Vcpu& vcpu) {
            if (!vcpu.wakes_at || *vcpu.wakes_at > now)
                return;
            vcpu.wakes_at.reset();
            vcpu.left = vcpu.workload.run();
            vcpu.woken_at = now;
            vcpu.counted = false;
            pool.ready(vcpu.contender, now);
        });
    }

    /// As the dispatcher does it: who gets ready has its own processor back at once.
    void reclaim() {
        for (std::uint32_t i = 0; i < processors_.size(); ++i) {
            const Contender* const owner = pool.owner_of(i);
            if (owner != nullptr && owner->state == Contender::State::ready && processors_[i].vcpu != nullptr)
                stop(processors_[i]);
        }
    }

    void dispatch() {
        reclaim();
        for (std::uint32_t i = 0; i < processors_.size(); ++i) {
            Processor& processor = processors_[i];
            if (processor.vcpu != nullptr)
                continue;
            const auto turn = pool.next(now, ~std::uint64_t{0}, i);
            if (!turn)
                continue;
            Vcpu& vcpu = of(*turn->contender);
            if (!vcpu.counted)
                latencies.push_back(now - vcpu.woken_at);
            vcpu.counted = true;
            longest_wait = std::max(longest_wait, now - turn->contender->ready_since);
            processor = {&vcpu, now, now + std::min(turn->ticks + overrun, vcpu.left)};
        }
    }

    void stop(Processor& processor) {
        Vcpu& vcpu = *processor.vcpu;
        const std::uint64_t ran = now - processor.since;
        vcpu.used += ran;
        if (const auto number = static_cast<std::size_t>(&processor - processors_.data());
            number < nodes_.size() && nodes_[number] == vcpu.contender.node)
            vcpu.used_at_home += ran;
        vcpu.left -= ran;
        std::uint64_t sleeps = 0;
        if (vcpu.left == 0) {
            sleeps = vcpu.workload.sleep();
            if (sleeps == 0)
                vcpu.left = vcpu.workload.run();
        }
        pool.ran(vcpu.contender, ran, sleeps == 0, now);
        if (sleeps != 0)
            vcpu.wakes_at = now + sleeps;
        processor.vcpu = nullptr;
    }

    std::vector<Processor> processors_;
    std::vector<std::uint8_t> nodes_;
    std::vector<std::unique_ptr<Member>> members_;
};

} // namespace transom::partition
