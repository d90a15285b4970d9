/* op/op_account.c - the account of the credentials that sign a call (contract:
 * op/op_account.h).
 *
 * An access key is of one account for as long as it lives, so the answer about
 * it is kept.  An account that somebody wrote beside a key proves nothing. */
#include "op/op_account.h"

#include <string.h>

#include "aws/xml.h"
#include "base/text.h"

#define ACCOUNT_BODY "Action=GetCallerIdentity&Version=2011-06-15"

/* The hash is one that nobody can make two ids for: the ids are chosen by the
 * peer that gives out the credentials. */
static void account_hash(unsigned char key[HC_SHA256],
                         const struct hc_credentials *c)
{
    hc_sha256_of(key, 0, hc_credentials_view(c).key_id);
}

/* The kept account of the key of this set, or NULL. */
static const char *account_of(const headcount *h,
                              const struct hc_credentials *c)
{
    unsigned char key[HC_SHA256];

    account_hash(key, c);
    for (size_t i = 0; i < HC_OP_ACCOUNTS; i++)
        if (h->accounts[i].account[0] != '\0' &&
            memcmp(h->accounts[i].key, key, sizeof key) == 0)
            return h->accounts[i].account;
    return NULL;
}

int hc_op_account_check(headcount_op *op)
{
    if (op->params.expect_account == NULL || !op->h->no_sign)
        return 0;
    return hc_error_set(&op->error, HEADCOUNT_EARG, "request.expect_account "
                        "and config.no_sign_request do not go together: "
                        "nobody signs, so there is no account");
}

struct hc_str hc_op_account_key(const struct hc_op_account *a)
{
    return hc_credentials_view(&a->creds).key_id;
}

/* ---- the call ---- */

static void account_end(headcount_op *op, struct hc_op_account *a)
{
    if (a->call == NULL)
        return;
    hc_call_fini(a->call);
    hc_free(&op->h->net.sys.alloc, a->call, sizeof *a->call);
    a->call = NULL;
    hc_buf_fini(&a->answer);
    op->h->asks_account = false;
    hc_wait_queue_wake(&op->h->account_turns);
}

/* The call is as large as the op itself, and few ops need it. */
static int account_ask(headcount_op *op, struct hc_op_account *a,
                       struct headcount_error *why)
{
    struct hc_call_config config = hc_op_call_config(op);

    a->call = hc_alloc(&op->h->net.sys.alloc, sizeof *a->call);
    if (a->call == NULL)
        return hc_error_set(why, HEADCOUNT_ENOMEM, "no memory for a call");
    config.own = HC_SERVICE_STS;
    config.operation = HC_STR("GetCallerIdentity");
    config.body = HC_STR(ACCOUNT_BODY);
    config.for_credentials = config.read_only = true;
    op->h->asks_account = true;
    hc_buf_init(&a->answer, &op->h->net.sys.alloc, HC_XML_TEXT);
    int err = hc_call_start(a->call, &op->h->net, &op->job, &config);

    return err < 0 ? hc_error_pass(why, &a->call->error) : 0;
}

/* The answer is about the key that signed this call, which may be a newer one
 * than that of a->creds. */
static int account_keep(headcount_op *op, struct hc_op_account *a,
                        struct headcount_error *why)
{
    headcount *h = op->h;
    struct hc_op_key *to = &h->accounts[h->accounts_next++ % HC_OP_ACCOUNTS];
    struct hc_buf text;
    struct hc_xml_tag tag = { "Account", &text, false };
    int err = hc_buf_error(&a->answer);

    hc_buf_init(&text, &h->net.sys.alloc, HC_XML_TEXT);
    if (err == 0)
        err = hc_xml_get(hc_buf_view(&a->answer), &tag, 1);
    if (err == 0 && (text.n != 12 || !hc_op_is_account(hc_buf_z(&text))))
        err = HEADCOUNT_ESYNTAX;
    if (err == 0) {
        account_hash(to->key, &a->call->creds);
        hc_fmt(to->account, sizeof to->account, "%s", text.p);
    } else if (err != HEADCOUNT_ENOMEM) {
        hc_error_set(why, HEADCOUNT_EANSWER, "%s: GetCallerIdentity: the "
                     "answer names no account",
                     a->call->slot->endpoint.host);
    }
    hc_buf_fini(&text);
    return err;
}

static int account_unknown(headcount_op *op, const struct headcount_error *why)
{
    if (why->code == HEADCOUNT_ENOMEM)
        return hc_error_pass(&op->error, why);
    return hc_error_set(&op->error, HEADCOUNT_EACCOUNT, "account %s is "
                        "expected (request.expect_account), and nobody says "
                        "whether the credentials are of it, so nothing is "
                        "sent: %s",
                        op->params.expect_account, why->what);
}

/* 1: the account of a key is kept; 0: it waits. */
static int account_answer(headcount_op *op, struct hc_op_account *a,
                          int64_t now)
{
    struct headcount_error why = { .code = 0 };
    int got = hc_call_gather(a->call, &a->answer, now);

    if (got == CALL_WAIT)
        return 0;
    got = got == CALL_DONE ? account_keep(op, a, &why)
                           : hc_error_pass(&why, &a->call->error);
    account_end(op, a);
    if (got < 0 && got != HEADCOUNT_ENOMEM)
        return account_unknown(op, &why);
    return got < 0 ? got : 1;
}

/* ---- the machine ---- */

/* Asks for a key that is not known yet; 0: it waits, or its turn comes. */
static int account_begin(headcount_op *op, struct hc_op_account *a)
{
    if (op->h->asks_account) {
        hc_waiter_join(&op->h->account_turns, &a->turn, &op->job);
        hc_job_at(&op->job, op->deadline);
        return 0;
    }
    struct headcount_error why = { .code = 0 };

    if (account_ask(op, a, &why) < 0) {
        account_end(op, a);
        return account_unknown(op, &why);
    }
    return 1;
}

static int account_creds(headcount_op *op, struct hc_op_account *a,
                         int64_t now)
{
    const struct hc_creds_ask ask = {
        .waiter = &a->creds_waiter, .job = &op->job,
        .stats = &op->stats, .timings = hc_op_call_config(op).timings,
    };

    hc_credentials_fini(&a->creds);
    hc_credentials_init(&a->creds, &op->h->net.sys.alloc);
    hc_job_at(&op->job, op->deadline);
    return hc_creds_get(op->creds, &ask, now, &a->creds, &op->error);
}

int hc_op_account_step(headcount_op *op, struct hc_op_account *a, int64_t now)
{
    const char *expected = op->params.expect_account, *account = NULL;
    int got = 1;

    if (expected == NULL)
        return 1;
    while (got == 1 && account == NULL) {
        if (now >= op->deadline)
            return hc_error_set(&op->error, HEADCOUNT_EDEADLINE, "the deadline "
                                "has passed while waiting for the account of "
                                "the credentials");
        if (a->call != NULL)
            got = account_answer(op, a, now);
        if (got == 1)
            got = account_creds(op, a, now);
        if (got != 1)
            return got;
        account = account_of(op->h, &a->creds);
        if (account == NULL)
            got = account_begin(op, a);
    }
    if (got == 1 && strcmp(account, expected) != 0)
        return hc_creds_wrong_account(op->creds, account, hc_str(expected),
                                      &op->error);
    return got;
}

void hc_op_account_fini(headcount_op *op, struct hc_op_account *a)
{
    hc_waiter_leave(&a->creds_waiter);
    hc_waiter_leave(&a->turn);
    account_end(op, a);
    hc_credentials_fini(&a->creds);
}
