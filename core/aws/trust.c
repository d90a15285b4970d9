/* aws/trust.c - the roots that are trusted at an endpoint.
 *
 * A bundle has some 150 roots and 200 KiB, and SSL_CERT_FILE names one in many
 * images: no process shall parse it that calls AWS alone, or http.
 */
#include "aws/trust.h"

#include <string.h>

#define TRUST_LOOK 4096                  /* bytes of its beginning           */

/* Reads up to `max` bytes into `text`; of a larger file those are in it, and
 * the answer is HEADCOUNT_ELIMIT. */
static int trust_read(const struct hc_trust *t, const struct hc_trust_file *f,
                      size_t max, struct hc_buf *text,
                      struct headcount_error *why)
{
    const struct hc_system *sys = t->sys;
    struct hc_buf name;

    hc_buf_init(text, &sys->alloc, max);
    hc_buf_init(&name, &sys->alloc, 4096);
    hc_buf_str(&name, f->path);
    hc_buf_chr(&name, '\0');
    int err = hc_buf_error(&name);

    if (err < 0)
        hc_error_set(why, err, "the path is too long");
    else
        err = sys->read_file(sys->ud, name.p, text, why);
    hc_buf_fini(&name);
    return err;
}

/* The sentence names the settings that may have named the file. */
static int trust_say(const struct hc_trust_file *f, int err,
                     const struct headcount_error *why,
                     struct headcount_error *e)
{
    const char *what = why->what;

    if (err == HEADCOUNT_ENOMEM)
        return hc_error_set(e, err, "no memory to load the CA bundle");
    /* The sentence of read_file begins with the path, as ours does. */
    if (strncmp(what, f->path.p, f->path.n) == 0 && what[f->path.n] == ' ')
        what += f->path.n + 1;
    return hc_error_set(e, HEADCOUNT_ECONFIG, "%.*s (%s): %s",
                        HC_STR_ARG(f->path), f->from, what);
}

static int trust_load(struct hc_trust *t, struct hc_trust_file *f,
                      struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    struct hc_anchors *a = &f->anchors;
    struct hc_buf pem;
    int err = trust_read(t, f, HC_ANCHORS_PEM, &pem, &why);

    if (err == 0)
        err = hc_anchors_load_pem(a, &t->sys->alloc, hc_buf_view(&pem), &why);
    hc_buf_fini(&pem);
    if (err < 0)
        return trust_say(f, err, &why, e);
    if (a->skipped > 0)
        hc_log_line(t->log, HEADCOUNT_LOG_WARN,
                    "%.*s (%s): %zu certificate%s "
                    "cannot be used and trust%s nobody: %s",
                    HC_STR_ARG(f->path), f->from, a->skipped,
                    a->skipped == 1 ? "" : "s", a->skipped == 1 ? "s" : "",
                    a->why);
    return 0;
}

static int trust_look(struct hc_trust *t, struct hc_trust_file *f,
                      struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    struct hc_buf start;
    int err = trust_read(t, f, TRUST_LOOK, &start, &why);
    bool begins = hc_anchors_look(hc_buf_view(&start));

    hc_buf_fini(&start);
    if (err < 0 && err != HEADCOUNT_ELIMIT)
        return trust_say(f, err, &why, e);
    return begins ? 0 : trust_load(t, f, e);
}

int hc_trust_init(struct hc_trust *t, const struct hc_net *net,
                  const struct hc_config *c, struct headcount_error *e)
{
    *t = (struct hc_trust){ .sys = &net->sys, .log = &net->log };
    if (c->ca_bundle.n > 0) {
        t->all.path = c->ca_bundle;
        t->all.from = c->ca_bundle_from;
        return trust_look(t, &t->all, e);
    }
    t->others.path = c->cert_file;
    t->others.from = "SSL_CERT_FILE";
    return c->cert_file.n > 0 ? trust_look(t, &t->others, e) : 0;
}

int hc_trust_get(struct hc_trust *t, const struct hc_endpoint *at,
                 const struct hc_anchors **out, struct headcount_error *e)
{
    struct hc_trust_file *f = at->is_aws || t->all.path.n > 0 ? &t->all
                                                              : &t->others;

    *out = NULL;
    if (!at->origin.tls)
        return 0;
    if (f->path.n == 0) {
        *out = hc_anchors_amazon();
        return 0;
    }
    int err = f->anchors.n == 0 ? trust_load(t, f, e) : 0;

    if (err == 0)
        *out = &f->anchors;
    return err;
}

void hc_trust_fini(struct hc_trust *t)
{
    hc_anchors_fini(&t->all.anchors);
    hc_anchors_fini(&t->others.anchors);
}
