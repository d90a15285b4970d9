/* net/resolve.c - a name's addresses.
 *
 *   literal --> localhost --> hosts --> cache --> the lookup that is under way
 *                                                 or a new one
 *
 * A lookup that is over stays for its waiters, at most a second.  They take the
 * outcome out of it and not out of the cache, which does not keep an answer
 * with a TTL of 0: that answer is shared among them and used once.
 */
#include "net/resolve.h"

#include "net/lookup.h"

#define RESOLVE_FILES_EVERY (5 * HC_SECOND)
#define RESOLVE_KEEP (1 * HC_SECOND)

int hc_resolver_init(struct hc_resolver *r,
                     const struct hc_resolver_config *config,
                     struct headcount_error *e)
{
    struct hc_dns_server server;
    struct hc_str text = config->dns_server;

    if (text.n > 0 && !hc_dns_server_get(&server, text))
        return hc_error_set(e, HEADCOUNT_ECONFIG,
                            "the DNS server \"%.*s\" is no IP, IP:port or "
                            "[IPv6]:port", HC_STR_ARG(text));
    *r = (struct hc_resolver){
        .sys = config->sys, .jobs = config->jobs, .stats = config->stats,
        .has_ipv6_route = hc_sock_has_ipv6_route,
    };
    hc_dns_cache_init(&r->cache, &r->sys->alloc);
    hc_buf_init(&r->hosts.text, &r->sys->alloc, HC_HOSTS_MAX);
    hc_resolv_conf_init(&r->conf);
    if (text.n > 0) {
        r->conf.servers[r->conf.servers_n++] = server;
        hc_dns_server_put(r->dns_server, &server);
    }
    return 0;
}

static void resolve_free(struct hc_resolver *r, struct hc_lookup *gone)
{
    struct hc_lookup **at = &r->lookups;

    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    hc_wait_queue_wake(&gone->waiters);
    hc_job_fini(&gone->job);
    hc_lookup_fini(gone);
    hc_free(&r->sys->alloc, gone, sizeof *gone);
}

void hc_resolver_fini(struct hc_resolver *r)
{
    while (r->lookups != NULL)
        resolve_free(r, r->lookups);
    hc_dns_cache_fini(&r->cache);
    hc_buf_fini(&r->hosts.text);
}

void hc_resolve_forget(struct hc_resolver *r, struct hc_str name)
{
    hc_dns_cache_drop(&r->cache, name);
}

/* ---- what is known without asking ---- */

/* An address, or localhost, which is this machine whatever DNS says (RFC 6761,
 * 6.3). */
static bool resolve_here(struct hc_str name, struct hc_addrs *out)
{
    struct hc_addr addr;

    if (hc_addr_get(&addr, name)) {
        hc_addrs_add(out, &addr);
    } else if (hc_str_eqz(name, "localhost") ||
               hc_str_ends(name, HC_STR(".localhost"))) {
        const struct hc_addr v4 = { .family = 4, .ip = { 127, 0, 0, 1 } };
        const struct hc_addr v6 = { .family = 6, .ip = { [15] = 1 } };

        hc_addrs_add(out, &v4);
        hc_addrs_add(out, &v6);
    }
    return out->n > 0;
}

/* A file that is not there, or cannot be read, is an empty one. */
static int resolve_read(struct hc_resolver *r, const char *path,
                        struct hc_buf *text)
{
    struct headcount_error e = { .code = 0 };
    int err = r->sys->read_file(r->sys->ud, path, text, &e);

    if (err < 0)
        hc_buf_reset(text);
    return err == HEADCOUNT_ENOMEM ? err : 0;
}

static int resolve_read_files(struct hc_resolver *r, int64_t now,
                              struct headcount_error *e)
{
    struct hc_buf conf;

    if (now < r->files_due)
        return 0;
    hc_buf_reset(&r->hosts.text);
    int err = resolve_read(r, "/etc/hosts", &r->hosts.text);

    if (err == 0 && r->dns_server[0] == '\0') {
        hc_buf_init(&conf, &r->sys->alloc, HC_RESOLV_CONF_MAX);
        err = resolve_read(r, "/etc/resolv.conf", &conf);
        if (err == 0)
            hc_resolv_conf_get(&r->conf, hc_buf_view(&conf));
        hc_buf_fini(&conf);
    }
    if (err < 0)
        return hc_error_set(e, err, "out of memory for /etc/hosts and "
                                    "/etc/resolv.conf");
    r->files_due = hc_time_add(now, RESOLVE_FILES_EVERY);
    return 0;
}

/* ---- lookups ---- */

static struct hc_lookup *resolve_find(const struct hc_resolver *r,
                                      struct hc_str name, bool over)
{
    for (struct hc_lookup *l = r->lookups; l != NULL; l = l->next)
        if (l->over == over && hc_str_eq(hc_lookup_name(l), name))
            return l;
    return NULL;
}

/* Datagrams that were sent since the last report count for the waiter that
 * began the lookup. */
static void resolve_tell(struct hc_lookup *l, const struct hc_resolve_ask *ask)
{
    if (ask->waiter != l->first)
        return;
    if (ask->stats != NULL)
        ask->stats->dns_datagrams += l->sent - l->told;
    l->told = l->sent;
}

/* Gives the outcome to one of the waiters; after the last one the lookup
 * goes. */
static int resolve_hand_over(struct hc_resolver *r, struct hc_lookup *l,
                             const struct hc_resolve_ask *ask,
                             struct hc_addrs *out, struct headcount_error *e)
{
    int code = l->why.code;

    resolve_tell(l, ask);
    if (code < 0)
        hc_error_pass(e, &l->why);
    else
        hc_addrs_rotated(out, &l->known.addrs, l->turn++);
    if (l->owed > 0)
        l->owed--;
    if (l->owed == 0)
        resolve_free(r, l);
    return code < 0 ? code : 1;
}

/* The lookup is just over: the cache gets the outcome, and all waiters wake. */
static void resolve_settle(struct hc_resolver *r, struct hc_lookup *l,
                           int64_t now)
{
    hc_dns_cache_put(&r->cache, hc_lookup_name(l), &l->known, now);
    l->owed = 0;
    for (const struct hc_waiter *w = l->waiters.first; w != NULL; w = w->next)
        l->owed++;
    l->keep_until = hc_time_add(now, RESOLVE_KEEP);
    hc_wait_queue_wake(&l->waiters);
}

static void resolve_run(struct hc_job *job, int64_t now)
{
    struct hc_lookup *l = (struct hc_lookup *)job;

    if (!l->over) {
        hc_lookup_step(l, now);
        if (!l->over)
            return;
        resolve_settle(l->owner, l, now);
    }
    if (l->owed == 0 || now >= l->keep_until)
        resolve_free(l->owner, l);
    else
        hc_job_at(&l->job, l->keep_until);
}

static struct hc_lookup *resolve_new(struct hc_resolver *r,
                                     const struct hc_resolve_ask *ask,
                                     int64_t now, struct headcount_error *e)
{
    struct hc_lookup *l = hc_alloc(&r->sys->alloc, sizeof *l);
    const struct hc_lookup_config config = {
        .name = ask->name, .conf = &r->conf, .ipv6 = r->has_ipv6_route(),
        .sys = r->sys, .jobs = r->jobs, .stats = r->stats,
    };

    if (l == NULL) {
        hc_error_set(e, HEADCOUNT_ENOMEM, "out of memory for a DNS lookup");
        return NULL;
    }
    if (hc_lookup_init(l, &config, now, e) < 0) {
        hc_free(&r->sys->alloc, l, sizeof *l);
        return NULL;
    }
    l->owner = r;
    l->first = ask->waiter;
    l->next = r->lookups;
    r->lookups = l;
    hc_job_init(&l->job, r->jobs, resolve_run);
    return l;
}

/* The first queries leave at once. */
static int resolve_start(struct hc_resolver *r,
                         const struct hc_resolve_ask *ask, int64_t now,
                         struct hc_addrs *out, struct headcount_error *e)
{
    struct headcount_error why = { .code = 0 };
    struct hc_lookup *l = resolve_new(r, ask, now, &why);

    if (l == NULL)
        return hc_error_pass(e, &why);
    hc_stats_count(r->stats, ask->stats, dns_lookups);
    hc_lookup_step(l, now);
    resolve_tell(l, ask);
    if (!l->over) {
        hc_waiter_join(&l->waiters, ask->waiter, ask->job);
        return 0;
    }
    resolve_settle(r, l, now);
    return resolve_hand_over(r, l, ask, out, e);
}

int hc_resolve(struct hc_resolver *r, const struct hc_resolve_ask *ask,
               int64_t now, struct hc_addrs *out, struct headcount_error *e)
{
    out->n = 0;
    if (ask->waiter != NULL)
        hc_waiter_leave(ask->waiter);
    if (resolve_here(ask->name, out))
        return 1;
    struct hc_lookup *l = ask->again ? resolve_find(r, ask->name, true) : NULL;

    if (l != NULL)
        return resolve_hand_over(r, l, ask, out, e);
    int got = resolve_read_files(r, now, e);

    if (got < 0)
        return got;
    if (hc_hosts_find(&r->hosts, ask->name, out))
        return 1;
    got = hc_dns_cache_find(&r->cache, ask->name, now, out, e);
    if (got != 0) {
        if (!ask->again)
            hc_stats_count(r->stats, ask->stats, dns_hits);
        return got;
    }
    l = resolve_find(r, ask->name, false);
    if (l == NULL)
        return resolve_start(r, ask, now, out, e);
    hc_waiter_join(&l->waiters, ask->waiter, ask->job);
    return 0;
}
