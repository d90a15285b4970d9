/* tests/fuzz/creds_fuzz.c - a document with credentials is taken or refused;
 * what is taken can stand in a header, and a refusal shows no secret of it.
 *
 * The input is the document; it is read a second time with the secret that it
 * gave in front, as a document that is broken.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/creds_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW ((int64_t)1798761600 * HC_SECOND)

static void must(bool ok)
{
    if (!ok)
        abort();
}

static bool shows(const char *what, struct hc_str secret)
{
    for (const char *at = what; secret.n >= 16 && *at != '\0'; at++)
        if (strncmp(at, secret.p, secret.n) == 0)
            return true;
    return false;
}

static void look(const struct hc_credentials *c)
{
    struct hc_identity who = hc_credentials_view(c);
    const struct hc_str texts[] = { who.key_id, who.secret, who.token };

    must(who.key_id.n > 0 && who.secret.n > 0);
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < texts[i].n; k++)
            must((unsigned char)texts[i].p[k] > ' ' && texts[i].p[k] != 0x7f);
}

/* The same document, broken behind its end. */
static void break_it(struct hc_str text, struct hc_str secret)
{
    struct hc_credentials c;
    struct headcount_error e = { .code = 0 };
    struct hc_buf copy;

    hc_buf_init(&copy, &hc_alloc_libc, 2 * HC_CREDS_JSON);
    hc_buf_str(&copy, text);
    hc_buf_lit(&copy, "}");
    hc_credentials_init(&c, &hc_alloc_libc);
    c.source = "test";
    must(hc_creds_json_get(&c, &hc_alloc_libc, hc_buf_view(&copy), NOW, &e) ==
         HEADCOUNT_ECREDENTIALS);
    must(e.what[0] != '\0' && !shows(e.what, secret));
    hc_credentials_fini(&c);
    hc_buf_fini(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hc_credentials c;
    struct headcount_error e = { .code = 0 };
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    hc_credentials_init(&c, &hc_alloc_libc);
    c.source = "test";
    int err = hc_creds_json_get(&c, &hc_alloc_libc, hc_str_n(copy, size), NOW,
                                &e);

    must(err == 0 || (err == HEADCOUNT_ECREDENTIALS && e.what[0] != '\0'));
    if (err == 0) {
        look(&c);
        break_it(hc_str_n(copy, size), hc_credentials_view(&c).secret);
    }
    hc_credentials_fini(&c);
    free(copy);
    return 0;
}
