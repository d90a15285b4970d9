/* aws/catalog.h - the AWS services that speak JSON, 152 of them: what to
 * call each, how to sign for it, and the host that it has in a region.  Pure.
 *
 *     https://<host>[-fips].<region>.<suffix of the partition>
 *
 * Services that live elsewhere have rules.  The first rule that fits counts:
 *
 *   SET:FLAGS=HOST[@REGION]            rules are separated by one blank
 *   SET     "*", or partitions and regions with a ',' between them
 *   FLAGS   of p (plain), f (FIPS), d (dual stack), b (FIPS and dual stack)
 *   HOST    {p} host of the row   {r} region   {s} suffix of the partition
 *           {d} its suffix for dual stack   {g} its global region
 *           {t} the template above   "!" no such endpoint
 *           (what an operation puts before a host comes before all of these)
 *   REGION  the one to sign for, where it is not the one asked for
 *
 *   budgets, eu-west-1:  *:p={p}.{s}@{g}  ->  budgets.amazonaws.com, us-east-1
 *
 * Behind the rows of those 152 stand three that speak no JSON: headcount asks
 * them for credentials.  No name finds these: hc_catalog_ours has them.
 */
#ifndef HC_AWS_CATALOG_H
#define HC_AWS_CATALOG_H

#include "base/err.h"
#include "base/str.h"

#define HC_CATALOG_HOST 253           /* bytes of a host name              */
#define HC_CATALOG_REGION 63
#define HC_CATALOG_NAME 63            /* bytes of the longest name sought  */

/* Points into the table; a caller may also fill one for a service that the
 * table lacks. */
struct hc_catalog_row {
    struct hc_str cli;         /* as the AWS CLI spells it: "deploy"        */
    struct hc_str name;        /* as botocore does: "codedeploy"            */
    struct hc_str id;          /* service id; where it is `cli` but for case
                                  and blanks, it is `cli`                   */
    struct hc_str host;        /* front of its host: "api.ecr"              */
    struct hc_str signing;     /* name in the signature's scope             */
    struct hc_str target;      /* x-amz-target: <target>.<Operation>        */
    struct hc_str rules;       /* empty: the template alone                 */
    struct hc_str before;      /* put before the host: "sync-"              */
    bool is_json_1_0;          /* application/x-amz-json-1.0, else 1.1      */
    bool query_mode;           /* wants x-amzn-query-mode: true             */
    bool is_stream;            /* the answer is frames of events, not JSON  */
    bool is_unsigned;          /* the operation takes no signature          */
    bool has_ways;             /* hc_catalog_narrow may change this row     */
};

/* Takes the next row off the front of *rest, which begins as
 * hc_catalog_all(). */
struct hc_str hc_catalog_all(void);
bool hc_catalog_next(struct hc_catalog_row *out, struct hc_str *rest);
struct hc_str hc_catalog_ours(void);     /* sts, sso, sso-oidc             */
/* `word` is its CLI name, botocore's name or its service id: in any case, and
 * a blank, '-' and '_' are the same. */
bool hc_catalog_is(const struct hc_catalog_row *row, struct hc_str word);
/* The row of that name.  False: *out holds another row. */
bool hc_catalog_find(struct hc_catalog_row *out, struct hc_str word);
/* Changes the row to what one operation of it has: its rules, the text before
 * its host, whether it answers a stream, whether it is signed.  `before` is
 * for hosts of the table, never for that of a URL which the user gave. */
void hc_catalog_narrow(struct hc_catalog_row *row, struct hc_str operation);
/* The name of an operation as the service spells it, for list-clusters.  Any
 * other name than small words with a '-' between them stays as it is.  Cut to
 * cap - 1. */
void hc_catalog_operation(char *out, size_t cap,
                          const struct hc_catalog_row *row,
                          struct hc_str operation);
/* A well known service without JSON: the name that its requests are signed
 * with.  {NULL, 0}: none of these. */
struct hc_str hc_catalog_other(struct hc_str word);
/* The CLI name that a person may have meant, or {NULL, 0}. */
struct hc_str hc_catalog_nearest(struct hc_str word);
/* X of AWS_ENDPOINT_URL_X: the id in upper case with '_'.  Cut to cap - 1. */
void hc_catalog_env(char *out, size_t cap, const struct hc_catalog_row *row);

/* The partition of a region: by its form, else `aws`. */
struct hc_str hc_catalog_partition(struct hc_str region);
/* The region of a partition's IAM; {NULL, 0} of one that nobody knows. */
struct hc_str hc_catalog_home(struct hc_str partition);
/* The host is one under a suffix of AWS's own. */
bool hc_catalog_is_aws(struct hc_str host);

struct hc_catalog_ask {
    const struct hc_catalog_row *row;
    struct hc_str region;              /* checked: a host label             */
    bool use_fips, use_dualstack;
};

struct hc_catalog_place {
    char host[HC_CATALOG_HOST + 1];
    char region[HC_CATALOG_REGION + 1];     /* to sign for                  */
};

/* 0, or HEADCOUNT_ECONFIG: AWS has no such endpoint, or its name is too
 * long. */
int hc_catalog_host(struct hc_catalog_place *out,
                    const struct hc_catalog_ask *ask,
                    struct headcount_error *e);

#endif
