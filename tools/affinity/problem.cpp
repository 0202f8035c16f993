// SPDX-License-Identifier: Apache-2.0
#include "problem.hpp"

namespace transom::affinity {

Problem::Problem() : problem_(glp_create_prob(), &glp_delete_prob) { glp_set_obj_dir(problem_.get(), GLP_MAX); }

int Problem::row(double least, double most) {
    const int row = glp_add_rows(problem_.get(), 1);
    const int kind = least == most ? GLP_FX : least <= -unbounded ? GLP_UP : most >= unbounded ? GLP_LO : GLP_DB;
    glp_set_row_bnds(problem_.get(), row, kind, least, most);
    return row;
}

int Problem::column(double value, double most, bool integer) {
    const int column = glp_add_cols(problem_.get(), 1);
    glp_set_col_bnds(problem_.get(), column, GLP_DB, 0, most);
    glp_set_col_kind(problem_.get(), column, integer ? GLP_IV : GLP_CV);
    glp_set_obj_coef(problem_.get(), column, value);
    return column;
}

void Problem::entry(int row, int column, double factor) {
    rows_.push_back(row);
    columns_.push_back(column);
    factors_.push_back(factor);
}

Better Problem::solve(double more_than, bool any, unsigned most_nodes) {
    const int goal = row(more_than, unbounded);
    for (int i = 1; i <= glp_get_num_cols(problem_.get()); ++i)
        if (glp_get_obj_coef(problem_.get(), i) != 0)
            entry(goal, i, glp_get_obj_coef(problem_.get(), i));
    glp_load_matrix(problem_.get(), static_cast<int>(rows_.size()) - 1, rows_.data(), columns_.data(), factors_.data());
    glp_iocp how;
    glp_init_iocp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.br_tech = GLP_BR_PCH;
    how.presolve = GLP_ON;
    struct Limit {
        bool any;
        unsigned nodes;
    } limit{any, most_nodes};
    how.cb_info = &limit;
    how.cb_func = [](glp_tree* tree, void* info) {
        auto& left = *static_cast<Limit*>(info);
        if (glp_ios_reason(tree) == GLP_ISELECT && left.nodes > 0)
            --left.nodes;
        if (left.nodes == 0 || (left.any && glp_ios_reason(tree) == GLP_IBINGO))
            glp_ios_terminate(tree);
    };
    const int failed = glp_intopt(problem_.get(), &how);
    if (failed == GLP_ENOPFS || failed == GLP_ENODFS)
        return {Better::Answer::no, more_than};
    if (failed != 0 && failed != GLP_ESTOP)
        return {Better::Answer::undecided, more_than};
    const int status = glp_mip_status(problem_.get());
    if (status == GLP_OPT || (any && status == GLP_FEAS))
        return {Better::Answer::yes, glp_mip_obj_val(problem_.get())};
    return {status == GLP_NOFEAS ? Better::Answer::no : Better::Answer::undecided, more_than};
}

} // namespace transom::affinity
