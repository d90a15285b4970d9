/* op/op_doctor_identity.c - who signs, and whether that principal may set
 * counts.
 *
 * GetCallerIdentity needs no permission.  UpdateService is never tried: IAM is
 * asked what it would answer (SimulatePrincipalPolicy), which needs one of its
 * own, and does not see a role's path in the ARN of a session.
 */
#include "op/op_doctor.h"

#include "aws/xml.h"
#include "base/text.h"

#define IDENTITY_TEXT 2048

/* The text of this element of the answer, in op.arena; "" if it has none. */
static const char *identity_text(struct op_doctor *d, const char *name)
{
    struct hc_buf out;
    struct hc_xml_tag tag = { name, &out, false };
    const char *text = "";
    int err;

    hc_buf_init(&out, &d->op.h->net.sys.alloc, IDENTITY_TEXT);
    err = hc_xml_get(hc_buf_view(&d->answer), &tag, 1);
    if (err == 0)
        text = hc_arena_str(&d->op.arena, hc_buf_view(&out)).p;
    d->no_memory |= err == HEADCOUNT_ENOMEM;
    hc_buf_fini(&out);
    return text;
}

/* 1, or a code with d->why set. */
static int identity_take(struct op_doctor *d)
{
    d->principal = identity_text(d, "Arn");
    d->account = identity_text(d, "Account");
    if (*d->principal != '\0' && *d->account != '\0')
        return 1;
    d->principal = "";
    return hc_error_set(&d->why, HEADCOUNT_EANSWER,
                        "the answer of STS names no principal");
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

/* ---- may it write? ---- */

/* A session is not known to IAM, its role is:
 * arn:P:sts::A:assumed-role/NAME/SESSION --> arn:P:iam::A:role/NAME */
static const char *identity_source(struct op_doctor *d)
{
    struct hc_str rest = hc_str(d->principal), partition;
    const struct hc_str role = HC_STR("assumed-role/");

    hc_str_cut(&rest, ':');
    partition = hc_str_cut(&rest, ':');
    for (int i = 0; i < 3; i++)              /* sts, no region, account */
        hc_str_cut(&rest, ':');
    if (!hc_str_starts(rest, role))
        return d->principal;
    rest = hc_str_from(rest, role.n);
    rest.n = hc_str_find(rest, '/');
    return hc_doctor_fmt(d, "arn:%.*s:iam::%s:role/%.*s",
                         HC_STR_ARG(partition), d->account,
                         HC_STR_ARG(rest));
}

/* The service that is asked about: one of the rule, else one of the cluster. */
static const char *identity_resource(struct op_doctor *d)
{
    const struct doctor_cluster *c = &d->c;
    struct hc_arn arn = { .name = { "*", 1 } };

    if (d->wishes_n > 0)
        hc_arn_service(&arn, d->wishes[0].service, NULL);
    else if (c->names_n > 0)
        arn.name = c->names[0];
    return hc_doctor_fmt(d, "service/%s/%.*s", c->at.name.p,
                         HC_STR_ARG(arn.name));
}

static void identity_ask(struct op_doctor *d, const char *resource)
{
    const struct hc_arn *at = &d->c.at;

    hc_buf_lit(&d->body, "Action=SimulatePrincipalPolicy&Version=2010-05-08&"
                         "ActionNames.member.1=ecs%3AUpdateService&"
                         "PolicySourceArn=");
    hc_text_percent(&d->body, hc_str(identity_source(d)), "");
    hc_buf_lit(&d->body, "&ResourceArns.member.1=");
    hc_text_percent(&d->body, hc_str(hc_doctor_fmt(
        d, "arn:%.*s:ecs:%.*s:%.*s:%s", HC_STR_ARG(at->partition),
        HC_STR_ARG(at->region), HC_STR_ARG(at->account), resource)), "");
}

int hc_doctor_update(struct op_doctor *d, int64_t now)
{
    const char *resource = identity_resource(d), *said;
    int got;

    if (*d->principal == '\0' || !hc_arn_is_full(&d->c.at) ||
        (!d->in_call && !hc_doctor_may_call(d, ASK_UPDATE)))
        return 1;
    if (!d->in_call)
        identity_ask(d, resource);
    got = hc_doctor_call(d, ASK_UPDATE, now);
    if (got == 0)
        return 0;
    d->subject = "UpdateService";
    said = got == 1 ? identity_text(d, "EvalDecision") : "";
    if (got < 0) {
        d->no_memory |= got == HEADCOUNT_ENOMEM;
        hc_doctor_say(d, "wupdate||allow iam:SimulatePrincipalPolicy to have "
                      "it checked", "not checked: %s", d->why.what);
        hc_error_reset(&d->why);
    } else if (hc_str_eqz(hc_str(said), "allowed")) {
        hc_doctor_say(d, "oupdate||", "allowed on %s, as IAM simulates it; not "
                      "tried", resource);
    } else {
        d->advice = hc_doctor_allow(d, "ecs:UpdateService", resource);
        hc_doctor_say(d, "eupdate||", "denied on %s, as IAM simulates it: %s",
                      resource, said);
    }
    hc_doctor_call_end(d);
    return 1;
}
