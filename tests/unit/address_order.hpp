// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/migrate/page_order.hpp>

namespace transom::migrate {

/// What PageOrder is compared with, and what others do: upwards, whatever the state of a page.
class AddressOrder {
  public:
    explicit AddressOrder(PageStateTable& table) : table_(table) {}

    void begin_pass(unsigned) {
        table_.to_send().take(table_.altered(), {0}, ~0u);
        cursor_ = {};
    }
    void begin_stop() { begin_pass(0); }
    Choice next() {
        while (const auto page = table_.to_send().next(cursor_)) {
            cursor_ = {page->value + 1};
            table_.to_send().remove(*page);
            if (table_.state(*page).status() != PageStatus::sent)
                return {Choice::Step::send, *page};
        }
        return {};
    }
    void put_off(PageIndex page) { table_.altered().add(page); }

  private:
    PageStateTable& table_;
    PageIndex cursor_;
};

} // namespace transom::migrate
