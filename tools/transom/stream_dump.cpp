// SPDX-License-Identifier: Apache-2.0
#include "stream_dump.hpp"

#include "stream_values.hpp"

#include <transom/migrate/page_copy.hpp>

namespace transom::tool {

using namespace migrate;
using namespace stream;

namespace {

constexpr std::string_view right = "right", wrong = "wrong";

RecordType type_of(const StreamRecord& record) { return static_cast<RecordType>(std::uint16_t{record.header.type}); }

bool is_page(RecordType type) {
    return type == RecordType::page || type == RecordType::packed_page || type == RecordType::page_delta;
}

/// The granules that a record is about. None: it is about none, or what it says cannot be.
struct Said {
    std::uint64_t first, count;
    GranuleKind kind;
};
std::optional<Said> said_of_granules(const StreamRecord& record) {
    const RecordType type = type_of(record);
    if (is_page(type) && record.payload.size() > sizeof(PageRecord))
        return Said{object<PageRecord>(record.payload).index, 1, GranuleKind::data};
    if (type != RecordType::zero_pages || record.payload.size() != sizeof(ZeroPagesRecord))
        return {};
    const auto zero = object<ZeroPagesRecord>(record.payload);
    return Said{zero.first, zero.count, GranuleKind::zero};
}

bool all_zero(std::span<const std::byte> bytes) {
    return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

} // namespace

void StreamDump::fault(std::uint64_t offset, std::string what) {
    ++fault_count_;
    if (faults_.size() < kept_faults)
        faults_.push_back({offset, std::move(what)});
}

void StreamDump::read(std::istream& from) {
    StreamCutter cutter(from);
    while (const auto record = cutter.next())
        add(*record);
    end_run();
    bytes_ = cutter.offset();
    if (const auto& damage = cutter.fault())
        fault(damage->offset, damage->what);
    else if (!over_)
        fault(bytes_, records_ == 0 ? "there is nothing in it" : "it ends before the move does");
}

void StreamDump::add(const StreamRecord& record) {
    Sum& sum = sums_[record.header.type];
    ++sum.records;
    sum.bytes += sizeof record.header + record.payload.size();
    if (!extends_run(record)) {
        end_run();
        show(record);
    }
    expected_ = record.header.sequence + 1;
    ++records_;
}

/// A sound record of granules begins a run, or goes on with the one there is.
bool StreamDump::extends_run(const StreamRecord& record) {
    const auto said = said_of_granules(record);
    const bool in_order = record.header.sequence == expected_ && record.header.flags == flag_mandatory;
    if (all_ || !said || !record.sound || !in_order || said->count == 0 || !contents_fault(record).empty() ||
        !granules_.note(said->first, said->count, said->kind))
        return false;
    note_needless(record);
    if (!run_ || run_->type != type_of(record) || run_->first + run_->count != said->first) {
        end_run();
        run_ = Run{
            .offset = record.offset, .sequence = record.header.sequence, .first = said->first, .type = type_of(record)};
    }
    run_->count += said->count;
    run_->length += record.payload.size();
    ++run_->records;
    return true;
}

void StreamDump::end_run() {
    if (!run_)
        return;
    show_({{"offset", run_->offset},
           {"sequence", run_->sequence},
           {"type", record_name(static_cast<std::uint16_t>(run_->type))},
           {"length", run_->length},
           {"checksum", right},
           {"records", run_->records},
           {"fields",
            {{"granules", fmt::format("{}..{}", run_->first, run_->first + run_->count - 1)},
             {"kind", run_->type == RecordType::zero_pages ? "zero" : "data"}}}});
    run_.reset();
}

void StreamDump::show(const StreamRecord& record) {
    const RecordHeader& header = record.header;
    Json entry = {{"offset", record.offset},
                  {"sequence", std::uint64_t{header.sequence}},
                  {"type", record_name(header.type)},
                  {"length", std::uint32_t{header.length}},
                  {"checksum", record.sound ? right : wrong}};
    if ((header.flags & flag_mandatory) == 0)
        entry["mandatory"] = false;
    std::vector<std::string> faults;
    if (header.sequence != expected_)
        faults.push_back(fmt::format("sequence {} where {} belongs", std::uint64_t{header.sequence}, expected_));
    if ((header.flags & ~flag_mandatory) != 0)
        faults.push_back(fmt::format("flags {:#x}", std::uint16_t{header.flags}));
    if (record.sound) {
        RecordFields taken = fields_of(header.type, record.payload, all_);
        faults.insert(faults.end(), taken.faults.begin(), taken.faults.end());
        if (!taken.fields.empty()) {
            entry["fields"] = std::move(taken.fields);
            count(record, faults);
        }
    } else {
        faults.emplace_back("the payload's checksum is wrong");
    }
    // After these nothing counts that travels the same way.
    for (const RecordType last : {RecordType::run, RecordType::running, RecordType::failure})
        over_ = over_ || header.type == static_cast<std::uint16_t>(last);
    if (!faults.empty())
        entry["faults"] = faults;
    for (std::string& what : faults)
        fault(record.offset, fmt::format("{}: {}", record_name(header.type), what));
    show_(entry);
}

/// What the records say together; this one can be taken apart.
void StreamDump::count(const StreamRecord& record, std::vector<std::string>& faults) {
    switch (type_of(record)) {
    case RecordType::hello: {
        const auto hello = object<HelloRecord>(record.payload);
        granule_.resize(std::min<std::uint64_t>(hello.granule, max_granule));
        return granules_.begin(hello.memory_size, hello.granule);
    }
    case RecordType::partition:
        return granules_.stop();
    case RecordType::page_table:
        table_entries_ += (record.payload.size() - sizeof(TableSectionsRecord)) / sizeof(TableEntryRecord);
        return;
    case RecordType::end:
        return check_totals(record, faults);
    default:
        break;
    }
    const auto said = said_of_granules(record);
    if (!said || said->count == 0)
        return;
    if (!granules_.note(said->first, said->count, said->kind))
        faults.emplace_back("granules beyond the partition's memory");
    else if (std::string wrong = contents_fault(record); !wrong.empty())
        faults.push_back(std::move(wrong));
    else
        note_needless(record);
}

/// What is wrong with the contents of a granule, which are in granule_ afterwards; nothing where all is right, or there are none. Of a
/// delta only what has changed is known.
std::string StreamDump::contents_fault(const StreamRecord& record) {
    const RecordType type = type_of(record);
    if (!is_page(type) || granule_.empty())
        return {};
    const auto copy =
        PageCopy::of({.type = type, .mandatory = true, .payload = std::span(record.payload)}, granule_.size());
    if (!copy)
        return copy.error().error == MoveError::record_length
                   ? fmt::format("{} bytes, for a granule of {}", record.payload.size(), granule_.size())
                   : "what has changed is not what its bits say";
    return copy->put_into(granule_) ? "" : "what is packed does not unpack to a granule";
}

/// After contents_fault.
void StreamDump::note_needless(const StreamRecord& record) {
    const RecordType type = type_of(record);
    if ((type == RecordType::page || type == RecordType::packed_page) && all_zero(granule_))
        granules_.note_needless();
}

void StreamDump::check_totals(const StreamRecord& record, std::vector<std::string>& faults) const {
    const auto said = object<TotalsRecord>(record.payload);
    const auto compare = [&](std::string_view what, std::uint64_t says, std::uint64_t is) {
        if (says != is)
            faults.push_back(fmt::format("{} {} by this record, {} by those before it", what, says, is));
    };
    compare("records:", said.records, records_);
    compare("granules in full:", said.pages, granules_.sent_in_full());
    compare("granules as zero:", said.zero_pages, granules_.sent_as_zero());
    compare("table entries:", said.table_entries, table_entries_);
    if (said.digest != record.digest_before)
        faults.push_back(fmt::format("the stream digest is {}", hex(record.digest_before)));
}

Json StreamDump::summary() const {
    Json by_type = Json::object();
    for (const auto& [type, sum] : sums_)
        by_type[record_name(type)] = {{"records", sum.records}, {"bytes", sum.bytes}};
    return {{"bytes", bytes_}, {"records", records_}, {"by_type", by_type}, {"granules", granules_.json()}};
}

} // namespace transom::tool
