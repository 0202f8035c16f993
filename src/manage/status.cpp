// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <transom/manage/connection.hpp>

namespace transom::manage {

void Connection::next_status() {
    const auto next = machine_->listed(cursor_);
    if (!next) {
        answering_ = Answering::nothing;
        const Room room = machine_->room();
        return line("ok partitions={} free={} scrubbing={} capacity={} unallocated={}", cursor_, room.free_memory,
                    room.dirty_memory, room.capacity, room.unallocated);
    }
    ++cursor_;
    line("+ partition={} state={} memory={} vcpus={} granule={} page-table={} run-ticks={} from={} entitled={} "
         "weight={} capped={} processors={}",
         next->name, next->state, next->memory, next->virtual_processors, next->granule, next->page_table,
         next->run_ticks, next->from, next->entitled_capacity, next->capacity_weight, next->capped ? "yes" : "no",
         next->processors);
}

} // namespace transom::manage
