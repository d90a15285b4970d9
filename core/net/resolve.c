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

#include <string.h>

#include "base/text.h"
#include "net/lookup.h"

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
        .sys = config->sys, .log = config->log, .jobs = config->jobs,
        .stats = config->stats, .has_ipv6_route = hc_sock_has_ipv6_route,
        .no_cache = config->no_cache,
    };
    hc_dns_cache_init(&r->cache, &r->sys->alloc);
    hc_dns_files_init(&r->files, r->sys, r->log);
    if (text.n > 0) {
        r->files.own_server = true;
        r->files.conf.servers[r->files.conf.servers_n++] = server;
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
    hc_dns_files_fini(&r->files);
}

void hc_resolve_expire(struct hc_resolver *r, struct hc_str name)
{
    hc_dns_cache_expire(&r->cache, name);
}

void hc_resolver_forget(struct hc_resolver *r)
{
    hc_dns_cache_forget(&r->cache, hc_str(NULL));
    for (struct hc_lookup *l = r->lookups; l != NULL; l = l->next)
        l->outdated = true;
    r->servers.n = 0;
    hc_dns_servers_set(&r->servers, &r->files.conf);
    r->files.due = INT64_MIN;
}

bool hc_resolve_has_left(struct hc_resolver *r, struct hc_str name,
                         const struct hc_addr *addr)
{
    return hc_dns_cache_lacks(&r->cache, name, addr);
}

/* ---- what is known without asking ---- */

/* An address, or localhost, which is this machine whatever DNS says (RFC 6761,
 * 6.3). */
static bool resolve_here(struct hc_str name, struct hc_addrs *out)
{
    struct hc_addr addr;

    if (hc_str_ends(name, HC_STR(".")))
        name.n--;
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

static int resolve_from_files(struct hc_resolver *r, struct hc_str name,
                              int64_t now, struct hc_addrs *out,
                              struct headcount_error *e)
{
    int got = hc_dns_files_look(&r->files, now, e);

    if (got < 0)
        return got;
    if (got > 0)
        hc_dns_servers_set(&r->servers, &r->files.conf);
    if (hc_str_ends(name, HC_STR(".")))
        name.n--;
    return hc_dns_files_find(&r->files, name, out, e);
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

/* Names and datagrams that were asked since the last report count for the
 * waiter that began the lookup. */
static void resolve_tell(struct hc_lookup *l, const struct hc_resolve_ask *ask)
{
    if (ask->waiter != l->first)
        return;
    if (ask->stats != NULL) {
        ask->stats->dns_lookups += l->asked - l->told_asked;
        ask->stats->dns_datagrams += l->sent - l->told_sent;
    }
    l->told_asked = l->asked;
    l->told_sent = l->sent;
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

/* A line of resolv.conf that is not used may be the reason. */
static void resolve_explain(const struct hc_resolver *r,
                            struct headcount_error *e)
{
    size_t n = strlen(e->what);

    if (e->code == HEADCOUNT_EDNSFAIL && r->files.said[0] != '\0')
        hc_fmt(e->what + n, sizeof e->what - n, " (%s)", r->files.said);
}

/* No server could answer, and the addresses of before are used on. */
static void resolve_use_stale(struct hc_resolver *r, struct hc_lookup *l,
                              int64_t now)
{
    if (!hc_dns_cache_stale(&r->cache, hc_lookup_name(l), now, &l->known.addrs))
        return;
    if (r->log != NULL)
        hc_log_line(r->log, HEADCOUNT_LOG_WARN, "%s; the addresses of before "
                    "are used on, and the servers asked again in %lld s",
                    l->why.what, (long long)(HC_DNS_STALE_TTL / HC_SECOND));
    hc_error_reset(&l->why);
    l->known.why = NULL;
}

/* The lookup is just over: the cache gets the outcome, and all waiters wake. */
static void resolve_settle(struct hc_resolver *r, struct hc_lookup *l,
                           int64_t now)
{
    resolve_explain(r, &l->why);
    r->answers += l->why.code == 0 && !l->outdated;
    if (!r->no_cache &&
        hc_dns_cache_put(&r->cache, hc_lookup_name(l), &l->known, now) == 1)
        resolve_use_stale(r, l, now);
    if (l->outdated)
        hc_dns_cache_forget(&r->cache, hc_lookup_name(l));
    l->owed = 0;
    for (const struct hc_waiter *w = l->waiters.first; w != NULL; w = w->next)
        l->owed++;
    l->keep_until = hc_time_add(now, RESOLVE_KEEP);
    hc_wait_queue_wake(&l->waiters);
}

/* From stale_at on the waiters take the expired addresses. */
static void resolve_wait(struct hc_lookup *l, int64_t now)
{
    if (now >= l->stale_at)
        hc_wait_queue_wake(&l->waiters);
    else
        hc_job_at(&l->job, l->stale_at);
}

static void resolve_run(struct hc_job *job, int64_t now)
{
    struct hc_lookup *l = (struct hc_lookup *)job;

    if (!l->over) {
        hc_lookup_step(l, now);
        if (!l->over) {
            resolve_wait(l, now);
            return;
        }
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
        .name = ask->name, .conf = &r->files.conf,
        .ipv6 = r->has_ipv6_route(), .servers = &r->servers, .sys = r->sys,
        .jobs = r->jobs, .stats = r->stats,
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
    l->stale_at = hc_dns_cache_until(&r->cache, ask->name) == 0
                      ? HC_NEVER : hc_time_add(now, HC_DNS_STALE_WAIT);
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
    hc_lookup_step(l, now);
    resolve_tell(l, ask);
    if (!l->over) {
        resolve_wait(l, now);
        hc_waiter_join(&l->waiters, ask->waiter, ask->job);
        return 0;
    }
    resolve_settle(r, l, now);
    return resolve_hand_over(r, l, ask, out, e);
}

/* In the background: nobody waits, and nobody is told. */
static void resolve_refresh(struct hc_resolver *r, struct hc_str name,
                            int64_t now)
{
    const struct hc_resolve_ask ask = { .name = name };

    if (hc_dns_cache_is_due(&r->cache, name, now) &&
        resolve_find(r, name, false) == NULL)
        resolve_new(r, &ask, now, NULL);
}

static int resolve_from_cache(struct hc_resolver *r,
                              const struct hc_resolve_ask *ask, int64_t now,
                              struct hc_addrs *out, struct headcount_error *e)
{
    const struct hc_lookup *l = resolve_find(r, ask->name, false);
    int got = hc_dns_cache_find(&r->cache, ask->name, now, out, e);

    if (got == 1)
        resolve_refresh(r, ask->name, now);
    if (got == 0 && l != NULL && now >= l->stale_at)
        got = hc_dns_cache_stale(&r->cache, ask->name, now, out);
    if (got != 0 && !ask->again)
        hc_stats_count(r->stats, ask->stats, dns_hits);
    return got;
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
    int got = resolve_from_files(r, ask->name, now, out, e);

    if (got == 0)
        got = resolve_from_cache(r, ask, now, out, e);
    if (got != 0)
        return got;
    l = resolve_find(r, ask->name, false);
    if (l == NULL)
        return resolve_start(r, ask, now, out, e);
    hc_waiter_join(&l->waiters, ask->waiter, ask->job);
    return 0;
}
