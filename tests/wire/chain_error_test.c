/* wire/chain_error - each reason has its sentence. */
#include <string.h>

#include "t.h"
#include "wire/chain.h"
#include "wire/constraints.h"

#define NOW ((int64_t)1798761600 * HC_SECOND)          /* 2027-01-01 */

static void begin(struct hc_chain *c)
{
    CHECK_INT(hc_chain_init(c, hc_anchors_amazon(), HC_STR("good.test"), NOW,
                            t_alloc()),
              0);
    strcpy(c->subject, "subject");
    strcpy(c->issuer, "issuer");
    strcpy(c->detail, "detail");
}

TEST(chain_error, every_verdict_has_a_sentence)
{
    static struct hc_chain c;

    begin(&c);
    for (int err = BR_ERR_X509_OK; err <= BR_ERR_X509_NOT_TRUSTED; err++) {
        struct headcount_error e = { 0 };

        CHECK_INT(hc_chain_error(&c, err, &e), HEADCOUNT_ECERT);
        CHECK(strncmp(e.what, "good.test: ", 11) == 0);
    }
    hc_chain_fini(&c);
}

TEST(chain_error, every_fault_has_its_sentence)
{
    static const struct { int fault; const char *parts[2]; } rows[] = {
        { CHAIN_TOO_BIG, { "eleventh", "64 KiB" } },
        { CHAIN_UNREADABLE, { "\"subject\"", "cannot be read" } },
        { CHAIN_CRITICAL, { "critical extension detail", "without" } },
        { CHAIN_DATE, { "expired on 1970-01-01", "says 2027-01-01" } },
        { CHAIN_USAGE, { "is not for servers", "with serverAuth" } },
        { CHAIN_NO_SAN, { "no subjectAltName", "issued with one" } },
        { CHAIN_WRONG_NAME, { "is for other names (subjectAltName)",
                              "check the endpoint's name" } },
        { CHAIN_WRONG_IP, { "iPAddress", "a name it has" } },
        { CHAIN_WEAK_KEY, { "fewer than 2048 bits", "a larger one" } },
        { CHAIN_LEAF_IS_CA, { "that of a CA", "config.ca_bundle" } },
        { CHAIN_LEAF_CONSTRAINS, { "name constraints", "no CA" } },
        { CHAIN_NAMELESS, { "CA without a name", "issued anew" } },
        { CHAIN_NO_CA, { "no CA", "by a real one" } },
        { CHAIN_NO_SIGNER, { "keyUsage", "issued anew" } },
        { CHAIN_TOO_LONG, { "pathLenConstraint", "issued anew" } },
        { CHAIN_CONSTRAINTS + CONSTRAINT_BROKEN,
          { "CA \"subject\" cannot be read", "another CA" } },
        { CHAIN_CONSTRAINTS + CONSTRAINT_EXCLUDES,
          { "exclude the name \"detail\"", "another CA" } },
        { CHAIN_CONSTRAINTS + CONSTRAINT_LACKS,
          { "do not permit the name \"detail\"", "without that name" } },
        { CHAIN_CONSTRAINTS + CONSTRAINT_UNCHECKED,
          { "of the kind detail", "not checked here" } },
        { CHAIN_CONSTRAINTS + CONSTRAINT_TOO_MANY,
          { "are too many", "another CA" } }
    };
    static struct hc_chain c;

    begin(&c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct headcount_error e = { 0 };

        c.fault = rows[i].fault;
        CHECK_INT(hc_chain_error(&c, BR_ERR_X509_INVALID_VALUE, &e),
                  HEADCOUNT_ECERT);
        CHECK(strncmp(e.what, "good.test: ", 11) == 0);
        for (int k = 0; k < 2; k++)
            if (strstr(e.what, rows[i].parts[k]) == NULL)
                fail_msg("\"%s\" does not say \"%s\"", e.what,
                         rows[i].parts[k]);
    }
    c.fault = CHAIN_NO_MEMORY;
    CHECK_INT(hc_chain_error(&c, BR_ERR_X509_NOT_TRUSTED, NULL),
              HEADCOUNT_ENOMEM);
    hc_chain_fini(&c);
}

TEST(chain_error, certificates_out_of_order_are_not_looked_into)
{
    static struct hc_chain c;
    struct headcount_error e = { 0 };

    begin(&c);
    c.fault = CHAIN_NO_CA;
    CHECK_INT(hc_chain_error(&c, BR_ERR_X509_DN_MISMATCH, &e),
              HEADCOUNT_ECERT);
    CHECK(strstr(e.what, "do not follow one another") != NULL);
    hc_chain_fini(&c);
}
