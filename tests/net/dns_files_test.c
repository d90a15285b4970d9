/* tests/net/dns_files_test.c - files of the test's own, and a clock that stands
 * still until a test moves it. */
#include "t.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/dns_files.h"

struct rig {
    struct hc_dns_files files;
    struct hc_system sys;
    struct hc_log log;
    const char *hosts, *conf;            /* NULL: there is no such file      */
    const char *localdomain;
    int hosts_reads, conf_reads, stamps, lines;
    int hosts_error, conf_error;
    int no_descriptor;                   /* an errno                         */
    char said[512];
};

static const char *fake_getenv(void *ud, const char *name)
{
    const struct rig *rig = ud;

    return strcmp(name, "LOCALDOMAIN") == 0 ? rig->localdomain : NULL;
}

static int fake_read(void *ud, const char *path, struct hc_buf *out,
                     struct headcount_error *e)
{
    struct rig *rig = ud;
    bool hosts = strcmp(path, "/etc/hosts") == 0;
    const char *text = hosts ? rig->hosts : rig->conf;
    int err = hosts ? rig->hosts_error : rig->conf_error;

    rig->hosts_reads += hosts;
    rig->conf_reads += !hosts;
    if (rig->no_descriptor != 0)
        return hc_error_sys(e, HEADCOUNT_EIO, rig->no_descriptor, "%s", path);
    if (text == NULL)
        return hc_error_sys(e, HEADCOUNT_EIO, ENOENT, "%s", path);
    hc_buf_text(out, text);
    if (err < 0)
        return hc_error_set(e, err, "%s is wrong", path);
    return hc_buf_error(out);
}

/* A text that is another one, at another place, is a file that has changed. */
static void fake_stamp(void *ud, const char *path, struct hc_file_stamp *out)
{
    struct rig *rig = ud;
    const char *text = strcmp(path, "/etc/hosts") == 0 ? rig->hosts : rig->conf;

    rig->stamps++;
    *out = (struct hc_file_stamp){ .inode = (uint64_t)(uintptr_t)text };
}

static void listen_to(void *ud, int level, const char *line, size_t n)
{
    struct rig *rig = ud;

    CHECK_INT(level, HEADCOUNT_LOG_WARN);
    rig->lines++;
    hc_str_copy(rig->said, sizeof rig->said, hc_str_n(line, n));
}

static void rig_open(struct rig *rig)
{
    *rig = (struct rig){ .lines = 0 };
    rig->log = (struct hc_log){ .level = HEADCOUNT_LOG_WARN, .fn = listen_to,
                                .ud = rig };
    rig->sys = (struct hc_system){ .alloc = *t_alloc(), .getenv = fake_getenv,
                                   .read_file = fake_read,
                                   .stamp_file = fake_stamp, .ud = rig };
    hc_dns_files_init(&rig->files, &rig->sys, &rig->log);
}

static int look(struct rig *rig, int64_t now)
{
    return hc_dns_files_look(&rig->files, now, NULL);
}

static int find(struct rig *rig, const char *name)
{
    struct hc_addrs out;

    return hc_dns_files_find(&rig->files, hc_str(name), &out, NULL);
}

TEST(dns_files, they_are_looked_at_every_five_seconds_and_read_if_they_changed)
{
    struct rig rig;

    rig_open(&rig);
    rig.conf = "nameserver 10.0.0.2\n";
    CHECK_INT(look(&rig, 0), 1);
    CHECK_INT(rig.conf_reads, 1);
    CHECK_INT(look(&rig, 5 * HC_SECOND - 1), 0);
    CHECK_INT(rig.stamps, 2);
    CHECK_INT(look(&rig, 5 * HC_SECOND), 1);
    CHECK_INT(rig.stamps, 4);
    CHECK_INT(rig.conf_reads, 1);
    rig.conf = "nameserver 10.0.0.3\n";
    CHECK_INT(look(&rig, 10 * HC_SECOND), 1);
    CHECK_INT(rig.conf_reads, 2);
    CHECK_INT(rig.files.conf.servers[0].addr.ip[3], 3);
    rig.conf = NULL;
    CHECK_INT(look(&rig, 15 * HC_SECOND), 1);
    CHECK_INT(rig.files.conf.servers[0].addr.ip[0], 127);
    CHECK_INT(rig.lines, 0);
    hc_dns_files_fini(&rig.files);
}

/* A name of /etc/hosts must not be asked of a server meanwhile. */
TEST(dns_files, without_a_descriptor_they_are_not_taken_for_empty)
{
    const int errors[] = { EMFILE, ENFILE };

    for (size_t i = 0; i < 2; i++) {
        struct headcount_error e = { .code = 0 };
        struct hc_addrs out;
        struct rig rig;

        rig_open(&rig);
        rig.conf = "nameserver 10.0.0.2\n";
        rig.hosts = "10.0.0.1 a\n";
        rig.no_descriptor = errors[i];
        CHECK_INT(hc_dns_files_look(&rig.files, 0, &e), HEADCOUNT_EIO);
        CHECK_INT(e.sys, errors[i]);
        CHECK_INT(find(&rig, "a"), HEADCOUNT_EIO);
        rig.no_descriptor = 0;
        CHECK_INT(look(&rig, 1), 1);
        CHECK_INT(rig.files.conf.servers[0].addr.ip[3], 2);
        CHECK_INT(hc_dns_files_find(&rig.files, HC_STR("a"), &out, NULL), 1);
        CHECK_INT(rig.lines, 0);
        hc_dns_files_fini(&rig.files);
    }
}

TEST(dns_files, without_a_resolv_conf_the_server_is_this_machine)
{
    struct rig rig;

    rig_open(&rig);
    CHECK_INT(look(&rig, 0), 1);
    CHECK_INT(rig.files.conf.servers_n, 1);
    CHECK_INT(rig.files.conf.servers[0].addr.ip[0], 127);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, of_the_hosts_file_only_the_names_that_were_asked_for_are_kept)
{
    struct rig rig;

    rig_open(&rig);
    rig.hosts = "10.0.0.1 a b\n10.0.0.2 b c\n";
    look(&rig, 0);
    CHECK_INT(rig.hosts_reads, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(find(&rig, "a"), 1);
        CHECK_INT(find(&rig, "none"), 0);
    }
    CHECK_INT(rig.hosts_reads, 2);
    CHECK_Z(hc_buf_z(&rig.files.hosts), "10.0.0.1 a\n- none\n");
    look(&rig, 5 * HC_SECOND);
    CHECK_INT(find(&rig, "a"), 1);
    CHECK_INT(rig.hosts_reads, 2);
    rig.hosts = "10.0.0.1 none\n";
    look(&rig, 10 * HC_SECOND);
    CHECK_INT(find(&rig, "a"), 0);
    CHECK_INT(find(&rig, "none"), 1);
    CHECK_INT(rig.hosts_reads, 4);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, a_system_that_cannot_stamp_reads_every_five_seconds)
{
    struct rig rig;

    rig_open(&rig);
    rig.sys.stamp_file = NULL;
    rig.hosts = "10.0.0.1 a\n";
    look(&rig, 0);
    find(&rig, "a");
    find(&rig, "a");
    CHECK_INT(rig.hosts_reads, 1);
    look(&rig, 5 * HC_SECOND);
    find(&rig, "a");
    CHECK_INT(rig.hosts_reads, 2);
    CHECK_INT(rig.conf_reads, 2);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, the_lines_that_are_kept_are_bounded)
{
    struct rig rig;

    rig_open(&rig);
    rig.hosts = "10.0.0.1 a\n";
    look(&rig, 0);
    for (int i = 0; i < 3000; i++) {
        char name[64];

        memset(name, 'x', sizeof name);
        name[63] = '\0';
        name[0] = (char)('a' + i / 26 / 26 % 26);
        name[1] = (char)('a' + i / 26 % 26);
        name[2] = (char)('a' + i % 26);
        CHECK_INT(find(&rig, name), 0);
        CHECK(rig.files.hosts.n <= 40000);
    }
    CHECK_INT(find(&rig, "a"), 1);
    hc_dns_files_fini(&rig.files);
}

/* ---- what is said ---- */

TEST(dns_files, a_line_that_is_not_used_is_said_once)
{
    struct rig rig;

    rig_open(&rig);
    rig.conf = "nameserver 10.0.0.2\nnameserver dns.test\n";
    look(&rig, 0);
    CHECK_INT(rig.lines, 1);
    CHECK_Z(rig.said, "/etc/resolv.conf, line 2: a part is not used: no IP "
                      "address");
    CHECK_Z(rig.files.said, rig.said);
    look(&rig, 5 * HC_SECOND);
    CHECK_INT(rig.lines, 1);
    rig.conf = "nameserver 10.0.0.2\n";
    look(&rig, 10 * HC_SECOND);
    CHECK_INT(rig.lines, 1);
    CHECK_Z(rig.files.said, "");
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, a_file_that_is_too_long_is_said_once_and_counts_as_none)
{
    struct rig rig;

    rig_open(&rig);
    rig.conf = "nameserver 10.0.0.2\n";
    rig.hosts = "10.0.0.1 a\n";
    rig.conf_error = rig.hosts_error = HEADCOUNT_ELIMIT;
    look(&rig, 0);
    CHECK_Z(rig.said, "/etc/resolv.conf is wrong");
    CHECK_INT(rig.files.conf.servers[0].addr.ip[0], 127);
    CHECK_INT(find(&rig, "a"), 0);
    CHECK_Z(rig.said, "/etc/hosts is wrong");
    CHECK_INT(find(&rig, "b"), 0);
    CHECK_INT(rig.lines, 2);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, a_hosts_file_may_have_sixteen_mib)
{
    struct rig rig;
    const size_t n = HC_HOSTS_MAX;
    char *text = malloc(n + 2);

    rig_open(&rig);
    CHECK(text != NULL);
    memset(text, '#', n);
    text[n] = '\0';
    rig.hosts = text;
    look(&rig, 0);
    CHECK_INT(find(&rig, "a"), 0);
    CHECK_INT(rig.lines, 0);
    memcpy(text + n - 12, "\n10.0.0.1 a\n", 13);
    look(&rig, 5 * HC_SECOND);
    CHECK_INT(find(&rig, "b"), 0);
    CHECK_INT(find(&rig, "A"), 0);       /* it did not change */
    rig.hosts = text + 1;
    look(&rig, 10 * HC_SECOND);
    CHECK_INT(find(&rig, "A"), 1);
    CHECK(rig.files.hosts.cap <= 65536);
    free(text);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, an_interface_has_a_number_and_one_that_is_missing_is_said)
{
    struct rig rig;

    rig_open(&rig);
    rig.conf = "nameserver fe80::1%lo\nnameserver fe80::1%7\n"
               "nameserver fe80::1%none0\n";
    look(&rig, 0);
    CHECK_INT(rig.files.conf.servers_n, 3);
    CHECK(rig.files.conf.servers[0].addr.scope > 0);
    CHECK_INT(rig.files.conf.servers[1].addr.scope, 7);
    CHECK_INT(rig.files.conf.servers[2].addr.scope, 0);
    CHECK_INT(rig.lines, 1);
    CHECK_Z(rig.said, "a DNS server is at the interface none0, which does not "
                      "exist: it cannot be asked");
    look(&rig, 5 * HC_SECOND);
    CHECK_INT(rig.lines, 1);
    hc_dns_files_fini(&rig.files);
}

TEST(dns_files, a_server_of_ones_own_leaves_resolv_conf_alone)
{
    struct rig rig;

    rig_open(&rig);
    rig.conf = "nameserver 10.0.0.2\nsearch file.test\n";
    rig.localdomain = "own.test";
    rig.files.own_server = true;
    CHECK(hc_dns_server_get(&rig.files.conf.servers[0],
                            HC_STR("[fe80::1%lo]:54")));
    rig.files.conf.servers_n = 1;
    look(&rig, 0);
    look(&rig, 5 * HC_SECOND);
    CHECK_INT(rig.conf_reads, 0);
    CHECK_INT(rig.files.conf.servers[0].port, 54);
    CHECK(rig.files.conf.servers[0].addr.scope > 0);
    CHECK_Z(rig.files.conf.search, "own.test ");
    hc_dns_files_fini(&rig.files);
}

static int read_both(void)
{
    struct rig rig;
    struct headcount_error e = { .code = 0 };
    struct hc_addrs out;

    rig_open(&rig);
    rig.conf = "nameserver 10.0.0.2\n";
    rig.hosts = "10.0.0.1 a\n";
    int err = hc_dns_files_look(&rig.files, 0, &e);

    if (err == 1)
        err = hc_dns_files_find(&rig.files, HC_STR("a"), &out, &e);
    if (err == 1)
        err = 0;
    if (err < 0) {                       /* once there is memory, it works */
        t_alloc_state()->fail_at = 0;
        CHECK_INT(look(&rig, 5 * HC_SECOND) >= 0, 1);
        CHECK_INT(rig.files.conf.servers[0].addr.ip[3], 2);
        CHECK_INT(find(&rig, "a"), 1);
    }
    hc_dns_files_fini(&rig.files);
    return err;
}

TEST(dns_files, memory_may_run_out)
{
    t_fails_every_allocation(read_both);
}
