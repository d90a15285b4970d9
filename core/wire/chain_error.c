/* wire/chain_error.c - why a chain was refused, as a sentence. */
#include <string.h>

#include "base/text.h"
#include "wire/chain.h"
#include "wire/constraints.h"

#define CHAIN_BUNDLE \
    "name the PEM file of the root with config.ca_bundle or AWS_CA_BUNDLE"

/* The clock was right when this version was made, so it is wrong if it says an
 * earlier day. */
#define CHAIN_MADE HEADCOUNT_VERSION_DAY "T00:00:00Z"

static void chain_day(char out[11], int64_t wall)
{
    char text[HC_RFC3339 + 1];

    hc_time_rfc3339(text, wall);
    memcpy(out, text, 10);
    out[10] = '\0';
}

static bool chain_clock_is_wrong(const struct hc_chain *c)
{
    int64_t made;

    return hc_time_get_rfc3339(HC_STR(CHAIN_MADE), &made) && c->wall < made;
}

static int chain_say_date(const struct hc_chain *c, struct headcount_error *e)
{
    char from[11], to[11], now[11];

    chain_day(from, c->not_before);
    chain_day(to, c->not_after);
    chain_day(now, c->wall);
    if (chain_clock_is_wrong(c))
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: the clock here says %s, which is before this "
                            "version of headcount was made (%s): set the "
                            "clock (the certificate of \"%s\" is valid from "
                            "%s to %s)",
                            c->host, now, HEADCOUNT_VERSION_DAY, c->subject,
                            from, to);
    if (c->wall < c->not_before)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: the certificate of \"%s\" is not valid "
                            "before %s, and the clock here says %s: set the "
                            "clock if it is wrong, else wait or replace the "
                            "certificate there",
                            c->host, c->subject, from, now);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: the certificate of \"%s\" expired on %s, and the "
                        "clock here says %s: renew it there, or set the clock "
                        "if it is wrong",
                        c->host, c->subject, to, now);
}

static int chain_say_untrusted(const struct hc_chain *c,
                               struct headcount_error *e)
{
    if (c->self_signed)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: its certificate \"%s\" is self-signed and "
                            "none of the trusted roots: if it is yours, name "
                            "its PEM file with config.ca_bundle or "
                            "AWS_CA_BUNDLE",
                            c->host, c->subject);
    if (c->fit_n > 0)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: its certificate \"%s\" leads to an issuer "
                            "with the name of the trusted root \"%s\" and "
                            "another key: it is forged, or the root was "
                            "replaced: " CHAIN_BUNDLE,
                            c->host, c->subject, c->issuer);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate \"%s\" leads to the issuer "
                        "\"%s\", which is none of the trusted roots (or the "
                        "server left an intermediate out): " CHAIN_BUNDLE,
                        c->host, c->subject, c->issuer);
}

/* Verdicts of minimal, and the sentence of each in the same order. */
static const unsigned char chain_verdicts[] = {
    BR_ERR_X509_EMPTY_CHAIN, BR_ERR_X509_CRITICAL_EXTENSION,
    BR_ERR_X509_FORBIDDEN_KEY_USAGE, BR_ERR_X509_BAD_SIGNATURE,
    BR_ERR_X509_DN_MISMATCH, BR_ERR_X509_UNSUPPORTED,
    BR_ERR_X509_LIMIT_EXCEEDED, BR_ERR_X509_WRONG_KEY_TYPE
};
static const char chain_sentences[] =
    "it sent no certificate: mend the server\0"
    "its certificate has critical policies with qualifiers that are not "
        "understood here: have it issued without\0"
    "its keyUsage forbids all that a server does: have it issued anew\0"
    "a signature in its certificate chain is wrong: the chain is forged, "
        "damaged or out of order\0"
    "its certificates do not follow one another: have the server send leaf, "
        "then intermediates, in order\0"
    "its certificate uses a signature or key of a kind that is not accepted "
        "here (SHA-1, MD5, RSA-PSS, Ed25519): have it issued with SHA-256 and "
        "RSA PKCS#1 or ECDSA\0"
    "its certificate has a key of more than 4096 bits, or was signed with "
        "one: have it issued with a smaller one\0"
    "its certificate was not signed with the kind of key its issuer has";

static int chain_say_verdict(const struct hc_chain *c, int br_err,
                             struct headcount_error *e)
{
    const char *at = chain_sentences;

    for (size_t i = 0; i < sizeof(chain_verdicts); i++, hc_str_next(&at))
        if (chain_verdicts[i] == br_err)
            return hc_error_set(e, HEADCOUNT_ECERT,
                                "%s: %s (certificate \"%s\")", c->host, at,
                                c->subject);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate \"%s\" cannot be read (BearSSL "
                        "error %d): have it issued anew",
                        c->host, c->subject, br_err);
}

static int chain_say_root(const struct hc_chain *c, struct headcount_error *e)
{
    char to[11];

    chain_day(to, c->root_expired);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: its certificate leads to the root \"%s\" of the "
                        "trusted roots, which expired on %s: get a newer "
                        "bundle, or set the clock if it is wrong",
                        c->host, c->subject, to);
}

static int chain_say_constraint(const struct hc_chain *c,
                                struct headcount_error *e)
{
    int says = c->fault - CHAIN_CONSTRAINTS;

    if (says == CONSTRAINT_EXCLUDES || says == CONSTRAINT_LACKS)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: the name constraints of the CA \"%s\" %s the "
                            "name \"%s\" of its certificate: have it issued "
                            "by another CA, or without that name",
                            c->host, c->subject,
                            says == CONSTRAINT_EXCLUDES ? "exclude"
                                                        : "do not permit",
                            c->detail);
    if (says == CONSTRAINT_UNCHECKED)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: the CA \"%s\" constrains names of the kind "
                            "%s, which are not checked here, and its "
                            "certificate has some: have it issued by a CA "
                            "without",
                            c->host, c->subject, c->detail);
    return hc_error_set(e, HEADCOUNT_ECERT,
                        "%s: the name constraints of the CA \"%s\" %s: have "
                        "the certificate issued by another CA",
                        c->host, c->subject,
                        says == CONSTRAINT_BROKEN ? "cannot be read"
                                                  : "are too many");
}

/* In the order of enum hc_chain_fault, from CHAIN_TOO_BIG to CHAIN_TOO_LONG,
 * behind "its certificate NAME"; without a colon, "have the chain issued anew"
 * comes behind it. */
static const char chain_texts[] =
    "is the eleventh, or larger than 64 KiB (itself, or its names with those "
        "of the ones before)\0"
    "cannot be read\0"
    "\0"                                /* CHAIN_CRITICAL */
    "\0"                                /* CHAIN_DATE     */
    "is not for servers (extendedKeyUsage lacks serverAuth): have it issued "
        "with serverAuth\0"
    "has no subjectAltName (a common name does not count): have it issued "
        "with one\0"
    "is for other names (subjectAltName): check the endpoint's name, or have "
        "it issued for this one\0"
    "is not for this address (an iPAddress in subjectAltName): ask for the "
        "server by a name it has\0"
    "has an RSA key of fewer than 2048 bits: have it issued with a larger "
        "one\0"
    "is that of a CA: give the server one of its own, or name this one's PEM "
        "file with config.ca_bundle\0"
    "has name constraints, though it is no CA\0"
    "is that of a CA without a name\0"
    "issued another, though it is no CA: have the chain issued by a real "
        "one\0"
    "issued another, which its keyUsage forbids\0"
    "has more CAs below it than its pathLenConstraint allows";

static int chain_say_fault(const struct hc_chain *c, struct headcount_error *e)
{
    const char *at = chain_texts;

    if (c->fault == CHAIN_NO_MEMORY)
        return hc_error_set(e, HEADCOUNT_ENOMEM,
                            "%s: no memory to keep its certificate", c->host);
    if (c->fault == CHAIN_DATE)
        return c->root_expired != 0 ? chain_say_root(c, e)
                                    : chain_say_date(c, e);
    if (c->fault > CHAIN_CONSTRAINTS)
        return chain_say_constraint(c, e);
    for (int i = CHAIN_TOO_BIG; i < c->fault; i++)
        hc_str_next(&at);
    if (c->fault == CHAIN_CRITICAL)
        return hc_error_set(e, HEADCOUNT_ECERT,
                            "%s: its certificate \"%s\" has the critical "
                            "extension %s, which is not understood here: have "
                            "it issued without",
                            c->host, c->subject, c->detail);
    return hc_error_set(e, HEADCOUNT_ECERT, "%s: its certificate \"%s\" %s%s",
                        c->host, c->subject, at,
                        strchr(at, ':') != NULL ? ""
                                                : ": have the chain issued "
                                                  "anew");
}

/* Our own finding comes before that of minimal, but for certificates that do
 * not follow one another: then the wrong one was looked at. */
int hc_chain_error(const struct hc_chain *c, int br_err,
                   struct headcount_error *e)
{
    if (c->fault == CHAIN_NO_MEMORY ||
        (c->fault != CHAIN_SOUND && br_err != BR_ERR_X509_DN_MISMATCH))
        return chain_say_fault(c, e);
    if (br_err == BR_ERR_X509_NOT_TRUSTED)
        return chain_say_untrusted(c, e);
    return chain_say_verdict(c, br_err, e);
}
