// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace papr {

/// Tokens of hypervisor calls, as r3 carries them. The names are those of LoPAR "Hypervisor call functions", H_ left off;
/// the last group is not in LoPAR but in Linux and QEMU.
enum class Op : std::uint32_t {
    remove = 0x04,
    enter = 0x08,
    read = 0x0c,
    clear_mod = 0x10,
    clear_ref = 0x14,
    protect = 0x18,
    get_tce = 0x1c,
    put_tce = 0x20,
    set_sprg0 = 0x24,
    set_dabr = 0x28,
    page_init = 0x2c,
    logical_ci_load = 0x3c,
    logical_ci_store = 0x40,
    logical_cache_load = 0x44,  // these four are not in LoPAR, which reserves their numbers
    logical_cache_store = 0x48, //
    logical_icbi = 0x4c,        //
    logical_dcbf = 0x50,        //
    get_term_char = 0x54,
    put_term_char = 0x58,
    hypervisor_data = 0x60,
    eoi = 0x64,
    cppr = 0x68,
    ipi = 0x6c,
    ipoll = 0x70,
    xirr = 0x74,
    migrate_dma = 0x78,
    perfmon = 0x7c,
    register_vpa = 0xdc,
    cede = 0xe0,
    confer = 0xe4,
    prod = 0xe8,
    get_ppp = 0xec,
    set_ppp = 0xf0,
    purr = 0xf4,
    pic = 0xf8,
    reg_crq = 0xfc,
    free_crq = 0x100,
    vio_signal = 0x104,
    send_crq = 0x108,
    copy_rdma = 0x110,
    bulk_remove = 0x124,
    set_xdabr = 0x134,
    stuff_tce = 0x138,
    put_tce_indirect = 0x13c,
    vterm_partner_info = 0x150,
    register_vterm = 0x154,
    free_vterm = 0x158,
    poll_pending = 0x1d8,
    join = 0x298,
    donor_operation = 0x29c,
    vasi_signal = 0x2a0,
    vasi_state = 0x2a4,
    vioctl = 0x2a8,
    vrmasd = 0x2ac,
    enable_crq = 0x2b0,
    home_node_associativity = 0x2ec,
    xirr_x = 0x2fc,
    random = 0x300,
    set_mode = 0x31c,
    block_remove = 0x328,
    clear_hpt = 0x358,
    resize_hpt_prepare = 0x36c,
    resize_hpt_commit = 0x370,
    clean_slb = 0x374,
    invalidate_pid = 0x378,
    register_proc_tbl = 0x37c,
    int_get_source_info = 0x3a8,
    int_reset = 0x3d0,

    get_cpu_characteristics = 0x1c8, // LoPAR gives this number to H_RESCIND_LOGICAL (hcall-slr)
    signal_sys_reset = 0x380,
    rpt_invalidate = 0x448,
    rtas = 0xf000,     // what the RTAS code in a partition calls
    affinity = 0xf100, // Transom's own, among the numbers that LoPAR leaves to platforms
};

} // namespace papr
