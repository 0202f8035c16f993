// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hcall/outcome.hpp>

namespace transom::partition {
struct Vcpu;
}

/// The handlers of the table of hypervisor calls, by function set. Arguments and outputs are in the virtual processor's
/// gpr[4] and up. Each is described in LoPAR under its name.
namespace transom::hcall {

// hcall-pft, hcall-bulk, hcall-block-remove, hcall-clr-hpt (hpt_*.cpp)
Outcome h_remove(partition::Vcpu& vcpu);
Outcome h_enter(partition::Vcpu& vcpu);
Outcome h_read(partition::Vcpu& vcpu);
Outcome h_clear_mod(partition::Vcpu& vcpu);
Outcome h_clear_ref(partition::Vcpu& vcpu);
Outcome h_protect(partition::Vcpu& vcpu);
Outcome h_bulk_remove(partition::Vcpu& vcpu);
Outcome h_block_remove(partition::Vcpu& vcpu);
Outcome h_clear_hpt(partition::Vcpu& vcpu);

// The same, reached by a partition with a second page table
Outcome h_remove_dual(partition::Vcpu& vcpu);
Outcome h_enter_dual(partition::Vcpu& vcpu);
Outcome h_read_dual(partition::Vcpu& vcpu);
Outcome h_clear_mod_dual(partition::Vcpu& vcpu);
Outcome h_clear_ref_dual(partition::Vcpu& vcpu);
Outcome h_protect_dual(partition::Vcpu& vcpu);
Outcome h_bulk_remove_dual(partition::Vcpu& vcpu);
Outcome h_block_remove_dual(partition::Vcpu& vcpu);
Outcome h_clear_hpt_dual(partition::Vcpu& vcpu);

// The same, while the page table is being resized (hpt_resize.cpp: hcall-hpt-resize)
Outcome h_remove_resizing(partition::Vcpu& vcpu);
Outcome h_enter_resizing(partition::Vcpu& vcpu);
Outcome h_read_resizing(partition::Vcpu& vcpu);
Outcome h_clear_mod_resizing(partition::Vcpu& vcpu);
Outcome h_clear_ref_resizing(partition::Vcpu& vcpu);
Outcome h_protect_resizing(partition::Vcpu& vcpu);
Outcome h_bulk_remove_resizing(partition::Vcpu& vcpu);
Outcome h_block_remove_resizing(partition::Vcpu& vcpu);
Outcome h_clear_hpt_resizing(partition::Vcpu& vcpu);
Outcome h_made_again(partition::Vcpu& vcpu);
Outcome h_resize_hpt_prepare(partition::Vcpu& vcpu);
Outcome h_resize_hpt_commit(partition::Vcpu& vcpu);

// hcall-sprg0, hcall-dabr, hcall-xdabr, hcall-set-mode (processor.cpp)
Outcome h_set_sprg0(partition::Vcpu& vcpu);
Outcome h_set_dabr(partition::Vcpu& vcpu);
Outcome h_set_xdabr(partition::Vcpu& vcpu);
Outcome h_set_mode(partition::Vcpu& vcpu);
Outcome h_register_proc_tbl(partition::Vcpu& vcpu);
Outcome h_get_cpu_characteristics(partition::Vcpu& vcpu);

// hcall-copy (page.cpp), hcall-debug and its neighbours (logical.cpp)
Outcome h_page_init(partition::Vcpu& vcpu);
Outcome h_logical_ci_load(partition::Vcpu& vcpu);
Outcome h_logical_ci_store(partition::Vcpu& vcpu);
Outcome h_logical_cache_load(partition::Vcpu& vcpu);
Outcome h_logical_cache_store(partition::Vcpu& vcpu);
Outcome h_logical_icbi(partition::Vcpu& vcpu);
Outcome h_logical_dcbf(partition::Vcpu& vcpu);

// hcall-term (term.cpp)
Outcome h_get_term_char(partition::Vcpu& vcpu);
Outcome h_put_term_char(partition::Vcpu& vcpu);

// hcall-interrupt (interrupt.cpp)
Outcome h_eoi(partition::Vcpu& vcpu);
Outcome h_cppr(partition::Vcpu& vcpu);
Outcome h_ipi(partition::Vcpu& vcpu);
Outcome h_ipoll(partition::Vcpu& vcpu);
Outcome h_xirr(partition::Vcpu& vcpu);
Outcome h_xirr_x(partition::Vcpu& vcpu);

// hcall-splpar, hcall-pic, hcall-poll-pending, hcall-join (waiting.cpp, shared_processor.cpp, register_vpa.cpp)
Outcome h_register_vpa(partition::Vcpu& vcpu);
Outcome h_cede(partition::Vcpu& vcpu);
Outcome h_confer(partition::Vcpu& vcpu);
Outcome h_prod(partition::Vcpu& vcpu);
Outcome h_get_ppp(partition::Vcpu& vcpu);
Outcome h_set_ppp(partition::Vcpu& vcpu);
Outcome h_purr(partition::Vcpu& vcpu);
Outcome h_pic(partition::Vcpu& vcpu);
Outcome h_poll_pending(partition::Vcpu& vcpu);
Outcome h_join(partition::Vcpu& vcpu);
Outcome h_signal_sys_reset(partition::Vcpu& vcpu);

// hcall-vphn (home_node.cpp), hcall-random (random.cpp)
Outcome h_home_node_associativity(partition::Vcpu& vcpu);
Outcome h_random(partition::Vcpu& vcpu);

// hcall-transom-affinity (affinity.cpp)
Outcome h_affinity(partition::Vcpu& vcpu);

// hcall-vasi (vasi.cpp)
Outcome h_donor_operation(partition::Vcpu& vcpu);
Outcome h_vasi_signal(partition::Vcpu& vcpu);
Outcome h_vasi_state(partition::Vcpu& vcpu);

// RTAS by a hypervisor call (rtas.cpp)
Outcome h_rtas(partition::Vcpu& vcpu);

} // namespace transom::hcall
