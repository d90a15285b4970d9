/* op/op_doctor_identity.c - who signs: GetCallerIdentity needs no permission.
 */
#include "op/op_doctor.h"

#include "aws/xml.h"

#define IDENTITY_TEXT 2048

/* 1, or a code with d->why set. */
static int identity_take(struct op_doctor *d)
{
    const struct hc_alloc *alloc = &d->op.h->net.sys.alloc;
    struct hc_buf arn, account;
    struct hc_xml_tag tags[] = { { "Arn", &arn, false },
                                 { "Account", &account, false } };
    int err;

    hc_buf_init(&arn, alloc, IDENTITY_TEXT);
    hc_buf_init(&account, alloc, IDENTITY_TEXT);
    err = hc_xml_get(hc_buf_view(&d->answer), tags, 2);
    if (err == 0 && (arn.n == 0 || account.n == 0))
        err = HEADCOUNT_EANSWER;
    if (err == 0) {
        d->principal = hc_arena_str(&d->op.arena, hc_buf_view(&arn)).p;
        d->account = hc_arena_str(&d->op.arena, hc_buf_view(&account)).p;
    }
    hc_buf_fini(&arn);
    hc_buf_fini(&account);
    return err == 0 ? 1
                    : hc_error_set(&d->why, err, "the answer of STS names no "
                                   "principal: %s", hc_error_sentence(err));
}

static void identity_tell(struct op_doctor *d, int got)
{
    if (got < 0) {
        hc_doctor_tell_read(d, ASK_IDENTITY, got);
        return;
    }
    d->elapsed = d->spent[ASK_IDENTITY];
    hc_doctor_say(d, "oprincipal|principal|", "%s, account %s", d->principal,
                  d->account);
    hc_doctor_check_account(d, "the principal", hc_str(d->account));
}

int hc_doctor_identity(struct op_doctor *d, int64_t now)
{
    int got;

    if (!d->signs ||
        (!d->in_call && !hc_doctor_may_call(d, ASK_IDENTITY)))
        return 1;
    if (!d->in_call)
        hc_buf_lit(&d->body, "Action=GetCallerIdentity&Version=2011-06-15");
    got = hc_doctor_call(d, ASK_IDENTITY, now);
    if (got == 0)
        return 0;
    identity_tell(d, got == 1 ? identity_take(d) : got);
    hc_doctor_call_end(d);
    return 1;
}
