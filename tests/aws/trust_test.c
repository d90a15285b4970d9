/* tests/aws/trust_test.c - whose roots are trusted where, and when the file
 * that has them is read. */
#include "aws/trust.h"

#include <string.h>

#include "base/text.h"
#include "t.h"

static struct hc_net net;
static struct hc_config config;
static struct hc_trust trust;
static struct hc_str file;                   /* p NULL: it is not there      */
static size_t reads;                         /* of the whole file            */
static size_t looks;
static char line[400];                       /* of the log                   */

static int read_file(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    size_t n = file.n < out->max ? file.n : out->max;

    (void)ud;
    if (out->max < HC_ANCHORS_PEM)
        looks++;
    else
        reads++;
    if (file.p == NULL)
        return hc_error_set(e, HEADCOUNT_EIO, "%s is gone", path);
    hc_buf_put(out, file.p, n);
    if (hc_buf_error(out) < 0)
        return hc_error_set(e, HEADCOUNT_ENOMEM, "%s: memory", path);
    return n == file.n ? 0 : hc_error_set(e, HEADCOUNT_ELIMIT, "%s: large",
                                          path);
}

static void log_line(void *ud, int level, const char *text, size_t n)
{
    (void)ud;
    (void)level;
    hc_fmt(line, sizeof line, "%.*s", (int)n, text);
}

/* A handle whose settings name these files ("": none). */
static int begin(const char *bundle, const char *others,
                 struct headcount_error *e)
{
    hc_system_real(&net.sys);
    net.sys.alloc = *t_alloc();
    net.sys.read_file = read_file;
    net.log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN, .fn = log_line };
    config.ca_bundle = hc_str(bundle);
    config.ca_bundle_from = "AWS_CA_BUNDLE";
    config.cert_file = hc_str(others);
    reads = looks = 0;
    line[0] = '\0';
    return hc_trust_init(&trust, &net, &config, e);
}

static struct hc_str certificates(const char *name)
{
    char path[256];
    size_t n;

    hc_fmt(path, sizeof path, "%s/%s", t_certs(), name);

    const char *text = t_file(path, &n);

    return hc_str_n(text, n);
}

static int get(bool tls, bool aws, const struct hc_anchors **out,
               struct headcount_error *e)
{
    const struct hc_endpoint at = { .origin = { .tls = tls }, .is_aws = aws };

    return hc_trust_get(&trust, &at, out, e);
}

static const struct hc_anchors *got(bool tls, bool aws)
{
    const struct hc_anchors *a = NULL;

    CHECK_INT(get(tls, aws, &a, NULL), 0);
    return a;
}

TEST(trust, without_a_file_amazons_roots_are_all)
{
    CHECK_INT(begin("", "", NULL), 0);
    CHECK(got(true, true) == hc_anchors_amazon());
    CHECK(got(true, false) == hc_anchors_amazon());
    CHECK(got(false, false) == NULL);
    CHECK_INT(looks + reads, 0);
    hc_trust_fini(&trust);
}

TEST(trust, roots_for_other_hosts_are_read_for_the_first_of_those)
{
    file = certificates("ca.pem");
    CHECK_INT(begin("", "roots.pem", NULL), 0);
    CHECK_INT(looks, 1);
    CHECK(got(true, true) == hc_anchors_amazon());
    CHECK(got(false, false) == NULL);
    CHECK_INT(reads, 0);
    CHECK(got(true, false) == &trust.others.anchors);
    CHECK(trust.others.anchors.n > 0);
    CHECK(got(true, false) == &trust.others.anchors);
    CHECK_INT(reads, 1);
    CHECK(got(true, true) == hc_anchors_amazon());
    hc_trust_fini(&trust);
}

TEST(trust, a_bundle_replaces_the_roots_for_all_hosts)
{
    file = certificates("ca.pem");
    CHECK_INT(begin("roots.pem", "", NULL), 0);
    CHECK(got(false, true) == NULL);
    CHECK_INT(reads, 0);
    CHECK(got(true, true) == &trust.all.anchors);
    CHECK(got(true, false) == &trust.all.anchors);
    CHECK(trust.all.anchors.n > 0);
    CHECK_INT(reads, 1);
    hc_trust_fini(&trust);
}

/* Two settings that name files, perhaps one and the same. */
TEST(trust, beside_a_bundle_no_other_file_is_read)
{
    file = certificates("ca.pem");
    CHECK_INT(begin("roots.pem", "roots.pem", NULL), 0);
    CHECK_INT(looks, 1);
    CHECK(got(true, false) == &trust.all.anchors);
    CHECK_INT(looks + reads, 2);
    hc_trust_fini(&trust);
}

static void refuses(struct hc_str text, const char *why)
{
    const char *const names[][2] = { { "roots.pem", "" }, { "", "roots.pem" } };

    file = text;
    for (size_t i = 0; i < 2; i++) {
        struct headcount_error e = { .code = 0 };

        CHECK_INT(begin(names[i][0], names[i][1], &e), HEADCOUNT_ECONFIG);
        CHECK(hc_str_starts(hc_str(e.what),
                            i == 0 ? HC_STR("roots.pem (AWS_CA_BUNDLE): ")
                                   : HC_STR("roots.pem (SSL_CERT_FILE): ")));
        if (strstr(e.what, why) == NULL)
            t_check(false, e.what, __FILE__, __LINE__);
        hc_trust_fini(&trust);
    }
}

TEST(trust, a_setting_that_names_no_bundle_is_an_error_at_once)
{
    static char words[9000];

    memset(words, 'w', sizeof words);
    refuses((struct hc_str){ NULL, 0 }, "): is gone");
    refuses(HC_STR(""), "has to be PEM");
    refuses(HC_STR("hello"), "has to be PEM");
    refuses(HC_STR("-----BEGIN PRIVATE KEY-----\nAAAA\n"), "has to be PEM");
    refuses(hc_str_n(words, sizeof words), "has to be PEM");
}

/* Its first certificate may stand behind a long comment. */
TEST(trust, a_bundle_that_begins_late_is_read_at_once)
{
    struct hc_str ca = certificates("ca.pem");
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), 1 << 20);
    for (size_t i = 0; i < 5000; i++)
        hc_buf_lit(&text, "#\n");
    hc_buf_str(&text, ca);
    file = hc_buf_view(&text);
    CHECK_INT(begin("roots.pem", "", NULL), 0);
    CHECK_INT(reads, 1);
    CHECK(got(true, true) == &trust.all.anchors);
    CHECK_INT(reads, 1);
    hc_trust_fini(&trust);
    hc_buf_fini(&text);
}

/* A fault behind the beginning is found when the roots are needed; then the
 * file may be mended. */
TEST(trust, a_damaged_bundle_is_an_error_of_each_who_needs_it)
{
    struct headcount_error e = { .code = 0 };
    const struct hc_anchors *a = NULL;

    file = HC_STR("-----BEGIN CERTIFICATE-----\nAAAA\n"
                  "-----END CERTIFICATE-----\n");
    CHECK_INT(begin("roots.pem", "", NULL), 0);
    for (size_t i = 1; i < 3; i++) {
        CHECK_INT(get(true, true, &a, &e), HEADCOUNT_ECONFIG);
        CHECK(a == NULL);
        CHECK(strstr(e.what, "roots.pem (AWS_CA_BUNDLE): the CA bundle has no "
                             "usable certificate") != NULL);
        CHECK_INT(reads, i);
    }
    CHECK(got(false, true) == NULL);
    file = certificates("ca.pem");
    CHECK(got(true, true) == &trust.all.anchors);
    hc_trust_fini(&trust);
}

TEST(trust, roots_that_cannot_be_used_are_logged_once)
{
    struct hc_str ca = certificates("ca.pem");
    struct hc_buf text;

    hc_buf_init(&text, t_alloc(), 1 << 20);
    hc_buf_lit(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n"
                      "-----END CERTIFICATE-----\n");
    hc_buf_str(&text, ca);
    file = hc_buf_view(&text);
    CHECK_INT(begin("roots.pem", "", NULL), 0);
    CHECK_Z(line, "");
    CHECK(got(true, true) != NULL);
    CHECK(strstr(line, "roots.pem (AWS_CA_BUNDLE): 1 certificate cannot be "
                       "used and trusts nobody: certificate 1") != NULL);
    line[0] = '\0';
    CHECK(got(true, true) != NULL);
    CHECK_Z(line, "");
    hc_trust_fini(&trust);
    hc_buf_fini(&text);
}

static int needs(void)
{
    const struct hc_anchors *a = NULL;
    int err;

    file = certificates("ca.pem");
    err = begin("roots.pem", "", NULL);
    if (err == 0)
        err = get(true, true, &a, NULL);
    hc_trust_fini(&trust);
    hc_trust_fini(&trust);
    return err;
}

TEST(trust, every_failed_allocation_is_survived)
{
    t_fails_every_allocation(needs);
}
