// SPDX-License-Identifier: Apache-2.0
#include "show.hpp"

#include "../common/hypercall.hpp"
#include "../common/line.hpp"

namespace fuzz {

namespace {

namespace call = guest::call;

struct Form {
    std::uint64_t token;
    std::string_view name;
    std::array<std::string_view, 8> arguments; // up to the first that is empty
    std::string_view outputs;
};

constexpr std::array forms = {
    Form{call::enter, "H_ENTER", {"flags", "ptex", "d0", "d1"}, "ptex"},
    Form{call::remove, "H_REMOVE", {"flags", "ptex", "avpn"}, "d0 d1"},
    Form{call::read, "H_READ", {"flags", "ptex"}, "entries"},
    Form{call::protect, "H_PROTECT", {"flags", "ptex", "avpn"}, ""},
    Form{call::clear_ref, "H_CLEAR_REF", {"flags", "ptex"}, "d1"},
    Form{call::clear_mod, "H_CLEAR_MOD", {"flags", "ptex"}, "d1"},
    Form{call::bulk_remove, "H_BULK_REMOVE", {"r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"}, "r4 to r11"},
};

std::string_view access_name(Kind kind) {
    return kind == Kind::load ? "load" : kind == Kind::store ? "store" : "fetch";
}

void describe_call(guest::Line& line, const Operation& op, const Result& result) {
    for (const auto& form : forms) {
        if (form.token != op.token)
            continue;
        line << form.name;
        for (std::size_t i = 0; i < form.arguments.size() && !form.arguments[i].empty(); ++i)
            line << " " << form.arguments[i] << "=" << op.a[i];
        line << " -> " << static_cast<std::int64_t>(result.words()[0]);
        if (result.words().size() > 1)
            line << " " << form.outputs;
    }
    if (op.around_at != 0)
        line << " and a " << access_name(op.around) << " at=" << op.around_at << " before and after";
    for (const auto word : result.words().subspan(1))
        line << " " << word;
}

void describe_access(guest::Line& line, const Operation& op, const Result& result) {
    line << access_name(op.kind) << " at=" << op.a[0];
    if (op.kind == Kind::store)
        line << " value=" << op.a[1];
    const auto words = result.words();
    if (words[0] == 0) {
        line << " -> done " << words[1];
        return;
    }
    line << " -> interrupt " << words[0] << (op.kind == Kind::fetch ? " srr0 srr1" : " dar dsisr");
    for (const auto word : words.subspan(1))
        line << " " << word;
}

} // namespace

void show(std::uint64_t index, const Operation& op, const Result& result) {
    guest::Line line;
    line << "# op " << static_cast<std::int64_t>(index) << " ";
    if (op.kind == Kind::call)
        describe_call(line, op, result);
    else if (op.kind == Kind::set_amr)
        line << "mtspr AMR," << op.a[0];
    else
        describe_access(line, op, result);
    guest::print(line);
}

} // namespace fuzz
