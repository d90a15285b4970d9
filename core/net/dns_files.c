/* net/dns_files.c - /etc/hosts and /etc/resolv.conf, as they are now. */
#include "net/dns_files.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "net/sock.h"

#define FILES_HOSTS "/etc/hosts"
#define FILES_CONF "/etc/resolv.conf"
#define FILES_EVERY (5 * HC_SECOND)
/* The limit of the lines that are kept: a process asks for few names. */
#define FILES_KEPT ((size_t)64 << 10)

void hc_dns_files_init(struct hc_dns_files *f, const struct hc_system *sys,
                       const struct hc_log *log)
{
    *f = (struct hc_dns_files){ .sys = sys, .log = log };
    hc_buf_init(&f->hosts, &sys->alloc, FILES_KEPT);
    hc_resolv_conf_init(&f->conf);
}

void hc_dns_files_fini(struct hc_dns_files *f)
{
    hc_buf_fini(&f->hosts);
}

static void files_say(struct hc_dns_files *f, const char *what)
{
    hc_fmt(f->said, sizeof f->said, "%s", what);
    if (f->log != NULL)
        hc_log_line(f->log, HEADCOUNT_LOG_WARN, "%s", what);
}

/* A file that is not there is an empty one; another that cannot be read counts
 * as one, and that is said unless it was.  Where no descriptor is left nothing
 * is known of the file: the caller fails with that error, and tries again. */
static int files_read(struct hc_dns_files *f, const char *path,
                      struct hc_buf *text, bool was_said,
                      struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    int err = f->sys->read_file(f->sys->ud, path, text, &why);

    if (err == 0)
        return 0;
    hc_buf_reset(text);
    if (why.sys == EMFILE || why.sys == ENFILE)
        return hc_error_pass(e, &why);
    if (err != HEADCOUNT_ENOMEM && why.sys != ENOENT && !was_said)
        files_say(f, why.what);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

static bool files_changed(const struct hc_dns_files *f, const char *path,
                          struct hc_file_stamp *stamp)
{
    struct hc_file_stamp is;

    if (f->sys->stamp_file == NULL)
        return true;
    f->sys->stamp_file(f->sys->ud, path, &is);
    bool same = is.device == stamp->device && is.inode == stamp->inode &&
                is.size == stamp->size && is.modified == stamp->modified &&
                is.changed == stamp->changed;

    *stamp = is;
    return !same;
}

/* ---- resolv.conf ---- */

static void files_say_dropped(struct hc_dns_files *f)
{
    char what[sizeof f->said];

    for (size_t i = 0; i < f->conf.dropped_n; i++) {
        hc_fmt(what, sizeof what, FILES_CONF ", line %u: a part is not used: "
               "%s", f->conf.dropped[i].line, f->conf.dropped[i].why);
        files_say(f, what);
    }
}

static int files_read_conf(struct hc_dns_files *f, struct headcount_error *e)
{
    struct hc_buf text;

    hc_buf_init(&text, &f->sys->alloc, HC_RESOLV_CONF_MAX);
    int err = files_read(f, FILES_CONF, &text, false, e);

    if (err == 0) {
        hc_resolv_conf_get(&f->conf, hc_buf_view(&text));
        files_say_dropped(f);
    }
    hc_buf_fini(&text);
    return err;
}

static struct hc_str files_getenv(const struct hc_dns_files *f,
                                  const char *name)
{
    return f->sys->getenv != NULL ? hc_getenv(f->sys, name) : hc_str(NULL);
}

/* The number of an interface may change while the file does not. */
static void files_scopes(struct hc_dns_files *f, bool fresh)
{
    for (size_t i = 0; i < f->conf.servers_n; i++) {
        struct hc_dns_server *server = &f->conf.servers[i];
        char what[sizeof f->said];
        uint32_t was = server->addr.scope;

        if (server->zone[0] == '\0')
            continue;
        server->addr.scope = hc_sock_scope(server->zone);
        if (server->addr.scope != 0 || (was == 0 && !fresh))
            continue;
        hc_fmt(what, sizeof what, "a DNS server is at the interface %s, which "
               "does not exist: it cannot be asked", server->zone);
        files_say(f, what);
    }
}

static int files_look(struct hc_dns_files *f, struct headcount_error *e)
{
    bool fresh = !f->looked;
    bool hosts = files_changed(f, FILES_HOSTS, &f->hosts_stamp);
    int err = 0;

    if (hosts || fresh) {
        hc_buf_reset(&f->hosts);
        f->hosts_said = false;
    }
    if (!f->own_server && (files_changed(f, FILES_CONF, &f->conf_stamp) ||
                           fresh)) {
        fresh = true;
        f->said[0] = '\0';
        err = files_read_conf(f, e);
    }
    if (err < 0)
        return err;
    if (fresh)
        hc_resolv_conf_env(&f->conf, files_getenv(f, "LOCALDOMAIN"),
                           files_getenv(f, "RES_OPTIONS"));
    files_scopes(f, fresh);
    return 0;
}

int hc_dns_files_look(struct hc_dns_files *f, int64_t now,
                      struct headcount_error *e)
{
    if (f->looked && now < f->due)
        return 0;
    int err = files_look(f, e);

    f->looked = err == 0;
    if (err < 0)
        return hc_error_set(e, err, "out of memory for " FILES_CONF);
    f->due = hc_time_add(now, FILES_EVERY);
    return 1;
}

/* ---- hosts ---- */

int hc_dns_files_find(struct hc_dns_files *f, struct hc_str name,
                      struct hc_addrs *out, struct headcount_error *e)
{
    struct hc_buf text;

    if (hc_hosts_has(hc_buf_view(&f->hosts), name))
        return hc_hosts_find(hc_buf_view(&f->hosts), name, out);
    hc_buf_init(&text, &f->sys->alloc, HC_HOSTS_MAX);
    int err = files_read(f, FILES_HOSTS, &text, f->hosts_said, e);

    f->hosts_said = true;
    hc_hosts_find(hc_buf_view(&text), name, out);
    hc_buf_fini(&text);
    if (f->hosts.n > FILES_KEPT / 2)
        hc_buf_reset(&f->hosts);
    if (err == 0) {
        hc_hosts_note(&f->hosts, name, out);
        err = hc_buf_error(&f->hosts);
    }
    if (err == 0)
        return out->n > 0;
    hc_buf_reset(&f->hosts);                 /* then it is read again */
    return hc_error_set(e, err, "out of memory for " FILES_HOSTS);
}
