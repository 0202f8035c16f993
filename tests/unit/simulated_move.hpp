// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "owned_page_table.hpp"
#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <transom/migrate/page_order.hpp>
#include <vector>

namespace transom::migrate {

/// A share of the pages and the share of the stores that go to them.
struct WriterClass {
    double pages = 1;
    double stores = 1;
};

/// A partition that stores to random pages of its memory: each class of pages evenly, all of them spread over the memory. Time is
/// counted in pages: one is what it takes to send one.
struct Writer {
    std::vector<WriterClass> classes;
    double stores_per_page = 0; // while one page is sent
};

/// Moves a synthetic memory by one order, with the real table and the real policy; stores, evictions and the stream are played. It
/// ends when what is left fits into `budget` pages at the end of a pass, or after 30 passes.
class SimulatedMove {
  public:
    static constexpr Bytes granule = kib(64);

    SimulatedMove(std::uint64_t pages, Writer writer, std::uint64_t seed)
        : table_(pages * granule, granule), writer_(std::move(writer)), random_(seed), writable_(pages), place_(pages),
          sends_of_(pages) {
        for (std::uint64_t page = 0; page < pages; ++page)
            place_[page] = page;
        std::shuffle(place_.begin(), place_.end(), random_);
    }

    std::function<void()> at_begin_of_pass = [] {};
    /// Sees the end of every pass, before it is decided.
    std::function<void()> at_end_of_pass = [] {};
    std::function<void()> at_each_page = [] {};

    void run(PageOrder& order, std::uint64_t budget) {
        for (passes = 1;; ++passes) {
            pass(order);
            at_end_of_pass();
            if (table_->pages_left() <= budget || passes == 30)
                break;
        }
        left_at_stop = table_->pages_left();
        order.begin_stop();
        while (true) {
            const Choice choice = order.next();
            if (choice.step == Choice::Step::over)
                break;
            if (choice.step == Choice::Step::send && order.claim(choice.page) && table_->sent(choice.page))
                count_send(choice.page);
        }
    }

    PageStateTable& table() { return *table_; }
    std::uint64_t resent() const { return sends - first_sends; }

    /// The right to store is taken away from a page when its turn comes, and not from all of them when a pass begins: better by address
    /// than can be had, since it is nowhere written where in the page table a page's translations are.
    bool page_by_page = false;

    unsigned passes = 0;
    double now = 0; // in pages
    std::uint64_t sends = 0, first_sends = 0, evictions = 0, faults = 0, left_at_stop = 0;

  private:
    void pass(PageOrder& order) {
        const double began = now;
        at_begin_of_pass();
        order.begin_pass(passes);
        while (true) {
            const Choice choice = order.next();
            if (choice.step == Choice::Step::over)
                break;
            if (choice.step == Choice::Step::watch && !page_by_page) {
                for (std::uint64_t page = 0; page < writable_.size(); ++page)
                    evict({page});
            }
            if (choice.step != Choice::Step::send)
                continue;
            if (page_by_page)
                evict(choice.page);
            if (!order.claim(choice.page)) {
                order.put_off(choice.page);
                continue;
            }
            store_for(1);
            at_each_page();
            table_->sent(choice.page);
            count_send(choice.page);
        }
        if (now == began) // nothing was to be sent: some time passes nevertheless
            store_for(static_cast<double>(table_->pages()) / 100);
    }

    void count_send(PageIndex page) {
        ++sends;
        first_sends += sends_of_[page.value]++ == 0 ? 1 : 0;
    }
    void evict(PageIndex page) {
        if (!writable_[page.value])
            return;
        writable_[page.value] = false;
        ++evictions;
        table_->lower({page.value * granule}, granule);
    }
    void store_for(double time) {
        now += time;
        for (due_ += time * writer_.stores_per_page; due_ >= 1; due_ -= 1)
            store();
    }
    void store() {
        double which = std::uniform_real_distribution<>(0, 1)(random_), first = 0;
        for (const WriterClass& each : writer_.classes) {
            if (which >= each.stores) {
                which -= each.stores;
                first += each.pages;
                continue;
            }
            const auto all = static_cast<double>(place_.size());
            const double at = (first + std::uniform_real_distribution<>(0, each.pages)(random_)) * all;
            const std::uint64_t page = place_[std::min(static_cast<std::uint64_t>(at), place_.size() - 1)];
            if (!writable_[page]) {
                ++faults;
                table_->raise({page * granule}, granule);
                writable_[page] = true;
            }
            return;
        }
    }

    OwnedPageTable table_;
    Writer writer_;
    std::mt19937_64 random_;
    std::vector<bool> writable_;
    std::vector<std::uint64_t> place_;
    std::vector<std::uint32_t> sends_of_;
    double due_ = 0;
};

} // namespace transom::migrate
