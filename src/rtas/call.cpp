// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <transom/base/big_endian.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using Cell = Be<std::uint32_t>;
using hcall::Outcome;
using memory::AccessError;
using papr::Status;

/// The head of an argument block. LoPAR "RTAS argument call buffer".
struct Head {
    Cell token;
    Cell inputs;
    Cell outputs;
};

/// An argument block, copied out of the partition's memory before anything of it is looked at.
struct Block {
    std::uint32_t token = 0;
    StaticVector<std::uint32_t, max_inputs> in;
    std::uint32_t outputs = 0;
    LogicalAddr answer; // of the first output cell
};

Outcome failed(AccessError error) {
    return error == AccessError::missing ? Outcome::missing() : Outcome(Status::parameter);
}

/// The whole block, outputs included, lies in the partition's memory; otherwise it is refused unread.
std::expected<Block, Outcome> parse(const memory::LogicalMemory& memory, LogicalAddr at) {
    const auto head = memory.load<Head>(at);
    if (!head)
        return std::unexpected(failed(head.error()));
    const std::uint32_t inputs = head->inputs, outputs = head->outputs;
    if (inputs > max_inputs || outputs > max_outputs)
        return std::unexpected(Outcome(Status::parameter));
    const LogicalAddr cells = at + sizeof(Head);
    if (!memory.contains(cells, (inputs + outputs) * sizeof(Cell)))
        return std::unexpected(Outcome(Status::parameter));
    std::array<Cell, max_inputs> copy;
    if (const auto done = memory.read(cells, std::as_writable_bytes(std::span(copy).first(inputs))); !done)
        return std::unexpected(failed(done.error()));
    Block block;
    block.token = head->token;
    block.outputs = outputs;
    block.answer = cells + inputs * sizeof(Cell);
    for (std::uint32_t i = 0; i < inputs; ++i)
        (void)block.in.push_back(copy[i]); // as many fit
    return block;
}

/// Writes the output cells: the status, the values, zeros up to the number that the caller made room for.
std::expected<void, AccessError> write_answer(memory::LogicalMemory& memory, const Block& block, const Reply& reply) {
    std::array<Cell, max_outputs> cells{};
    cells[0] = static_cast<std::uint32_t>(reply.status);
    for (std::size_t i = 0; i < reply.values.size() && i + 1 < cells.size(); ++i)
        cells[i + 1] = reply.values[i];
    return memory.write(block.answer, std::as_bytes(std::span(cells).first(block.outputs)));
}

const Row* find(std::uint32_t token) {
    const auto all = rows();
    const std::uint32_t first = all.front().token;
    return token >= first && token - first < all.size() ? &all[token - first] : nullptr;
}

} // namespace

hcall::Outcome call(partition::Vcpu& vcpu, LogicalAddr at) {
    memory::LogicalMemory& memory = vcpu.partition->memory;
    const auto block = parse(memory, at);
    if (!block)
        return block.error();
    const Row* row = find(block->token);
    Reply reply;
    if (row == nullptr || row->inputs != block->in.size() || row->outputs != block->outputs)
        reply = status(parameter_error);
    else
        reply = row->handler(vcpu, block->in.span());
    if (reply.then == hcall::Then::missing)
        return Outcome::missing();
    if (const auto done = write_answer(memory, *block, reply); !done)
        return failed(done.error());
    if (reply.effect != nullptr)
        reply.effect(vcpu, block->in.span());
    return {row == nullptr ? Status::parameter : Status::success, reply.then};
}

} // namespace transom::rtas
