/* op/op_account.h - the account of the credentials that sign a call:
 * sts:GetCallerIdentity, once for each access key of a handle.
 *
 *   CREDS --> (another op asks: its turn) --> ASKS --> PROVEN
 */
#ifndef HC_OP_OP_ACCOUNT_H
#define HC_OP_OP_ACCOUNT_H

#include "op/op.h"

struct hc_op_account {                   /* all zero: nothing asked yet      */
    struct hc_credentials creds;         /* that sign now                    */
    struct hc_waiter creds_waiter, turn;
    struct hc_call *call;                /* under way, or NULL               */
    struct hc_buf answer;
};

/* 0, or HEADCOUNT_EARG: there are no credentials that could be compared. */
int hc_op_account_check(headcount_op *op);
/* 1: the credentials that sign now are of op->params.expect_account, or none is
 * expected; hc_op_account_key says which they are.  0: the op is woken.
 * HEADCOUNT_EACCOUNT with op->error set: they are not, or nobody says whose
 * they are; or the code of hc_creds_get. */
int hc_op_account_step(headcount_op *op, struct hc_op_account *a, int64_t now);
/* The id of the access key that was compared; n == 0: none is expected. */
struct hc_str hc_op_account_key(const struct hc_op_account *a);
void hc_op_account_fini(headcount_op *op, struct hc_op_account *a);

#endif
