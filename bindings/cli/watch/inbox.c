/* cli/watch/inbox.c - messages, and the clusters that they wait for.
 *
 * A claim ties a message to a cluster.  It WAITS until the cluster's reconcile
 * begins, is COVERED by that one, and SETTLED by its end.  Messages that come
 * while the cluster is being reconciled all wait for the next reconcile.
 */
#include "watch/inbox_parts.h"

#include <stdlib.h>
#include <string.h>

struct inbox *inbox_new(const struct inbox_config *config)
{
    struct inbox *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->config = *config;
    c->clusters_end = &c->clusters;
    c->messages_end = &c->messages;
    return c;
}

/* ---- clusters ---- */

/* Where the key is known or could be added; else NULL: no memory. */
static struct inbox_cluster *cluster_for(struct inbox *c, const char *key)
{
    struct inbox_cluster *p = c->clusters;

    if (!key)
        return &c->sweep;
    while (p && strcmp(p->key, key) != 0)
        p = p->next;
    if (p)
        return p;
    p = calloc(1, sizeof *p);
    if (p)
        p->key = strdup(key);
    if (!p || !p->key) {
        free(p);
        return NULL;
    }
    *c->clusters_end = p;
    c->clusters_end = &p->next;
    return p;
}

/* An idle cluster is freed: a queue may name any number of clusters. */
static void drop_idle_clusters(struct inbox *c)
{
    struct inbox_cluster **at = &c->clusters;

    while (*at) {
        struct inbox_cluster *p = *at;

        if (p->at_work || p->waiting > 0) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        free(p->key);
        free(p);
    }
    c->clusters_end = at;
}

static void claim_waits(struct inbox_wait *claim, uint64_t since)
{
    struct inbox_cluster *p = claim->cluster;

    claim->state = CLAIM_WAITS;
    if (p->waiting++ == 0 || since < p->since)
        p->since = since;
}

static void settle_claim(struct inbox_message *m, struct inbox_wait *claim)
{
    if (claim->state == CLAIM_WAITS)
        claim->cluster->waiting--;
    claim->state = CLAIM_SETTLED;
    claim->cluster = NULL;
    m->left--;
}

/* ---- messages ---- */

static void free_message(struct inbox_message *m)
{
    free(m->receipt);
    free(m);
}

void inbox_drop(struct inbox *c, struct inbox_message *m)
{
    struct inbox_message **at = &c->messages;

    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    if (!*at)
        c->messages_end = at;
    c->messages_n--;
    c->bytes -= m->body_n;
    c->claims_n -= m->claims_n;
    free_message(m);
}

void inbox_free(struct inbox *c)
{
    if (!c)
        return;
    while (c->messages)
        inbox_drop(c, c->messages);
    for (struct inbox_cluster *p = c->clusters, *next; p; p = next) {
        next = p->next;
        free(p->key);
        free(p);
    }
    free(c);
}

static char *put_bytes(char **at, const void *from, size_t n)
{
    char *to = *at;

    if (n > 0)
        memcpy(to, from, n);
    to[n] = '\0';
    *at = to + n + 1;
    return to;
}

/* The message and its texts are one block.  The receipt is not in it: put_again
 * replaces it. */
static struct inbox_message *copy_message(const struct inbox_given *g)
{
    size_t n = sizeof(struct inbox_message) +
               g->wants_n * sizeof(struct inbox_wait);
    size_t texts = strlen(g->id) + 1 + g->body_n + 1;

    for (size_t i = 0; i < g->wants_n; i++)
        texts += g->wants[i].key ? strlen(g->wants[i].name) + 1 : 1;
    struct inbox_message *m = calloc(1, n + texts);

    if (m)
        m->receipt = strdup(g->receipt);
    if (!m || !m->receipt) {
        free(m);
        return NULL;
    }
    char *at = (char *)m + n;

    m->id = put_bytes(&at, g->id, strlen(g->id));
    m->body = put_bytes(&at, g->body, g->body_n);
    m->body_n = g->body_n;
    for (size_t i = 0; i < g->wants_n; i++)
        m->claims[i].name = put_bytes(&at, g->wants[i].name,
                                      g->wants[i].key
                                          ? strlen(g->wants[i].name) : 0);
    return m;
}

/* A cluster that it names twice is claimed once. */
static bool claims_cluster(const struct inbox_message *m, const void *cluster)
{
    for (size_t i = 0; i < m->claims_n; i++)
        if (m->claims[i].cluster == cluster)
            return true;
    return false;
}

static bool claim_all(struct inbox *c, struct inbox_message *m,
                      const struct inbox_given *g)
{
    for (size_t i = 0; i < g->wants_n; i++) {
        struct inbox_cluster *p = cluster_for(c, g->wants[i].key);

        if (!p)
            return false;
        if (claims_cluster(m, p))
            continue;
        struct inbox_wait *claim = &m->claims[m->claims_n++];

        claim->cluster = p;
        claim->name = m->claims[i].name;
        claim_waits(claim, m->number);
        m->left++;
    }
    return true;
}

static void unclaim(struct inbox *c, struct inbox_message *m)
{
    for (size_t i = 0; i < m->claims_n; i++)
        if (m->claims[i].state == CLAIM_WAITS)
            settle_claim(m, &m->claims[i]);
    drop_idle_clusters(c);
}

static enum inbox_put put_again(const struct inbox *c, struct inbox_message *m,
                               const struct inbox_given *g, int64_t now)
{
    char *receipt = strdup(g->receipt);

    if (!receipt)
        return INBOX_NOMEM;
    free(m->receipt);
    m->receipt = receipt;
    m->received = now;
    if (m->state == MESSAGE_HELD)
        m->due = now + c->config.visibility / 2;
    return INBOX_KNOWN;
}

enum inbox_put inbox_put(struct inbox *c, const struct inbox_given *g,
                         int64_t now)
{
    for (struct inbox_message *m = c->messages; m; m = m->next)
        if (strcmp(m->id, g->id) == 0)
            return put_again(c, m, g, now);
    struct inbox_message *m = copy_message(g);

    if (!m)
        return INBOX_NOMEM;
    m->number = ++c->numbers;
    if (!claim_all(c, m, g)) {
        unclaim(c, m);
        free_message(m);
        return INBOX_NOMEM;
    }
    m->received = now;
    m->failed = g->kept;
    m->state = m->left > 0 ? MESSAGE_HELD : MESSAGE_DONE;
    m->due = m->left > 0 ? now + c->config.visibility / 2 : now;
    /* At the end: `cover` shows the last one as the newest. */
    *c->messages_end = m;
    c->messages_end = &m->next;
    c->messages_n++;
    c->bytes += m->body_n;
    c->claims_n += m->claims_n;
    return INBOX_TAKEN;
}

bool inbox_has_room(const struct inbox *c)
{
    return !c->stopping && c->messages_n < c->config.messages_max &&
           c->bytes < c->config.bytes_max &&
           c->claims_n < c->config.claims_max;
}

/* ---- work ---- */

static struct inbox_cluster *longest_waiting(const struct inbox *c)
{
    struct inbox_cluster *first = NULL;

    for (struct inbox_cluster *p = c->clusters; p; p = p->next)
        if (!p->at_work && p->waiting > 0 &&
            (!first || p->since < first->since))
            first = p;
    return first;
}

/* All messages that wait are answered by this one reconcile.  It is shown the
 * newest: the newest event has the newest version of the host. */
static void cover(struct inbox *c, struct inbox_cluster *p,
                  struct inbox_begun *begun)
{
    for (struct inbox_message *m = c->messages; m; m = m->next)
        for (size_t i = 0; i < m->claims_n; i++) {
            if (m->claims[i].cluster != p)
                continue;
            m->claims[i].state = CLAIM_COVERED;
            p->cause = m->number;
            *begun = (struct inbox_begun){ .cluster = p, .key = p->key,
                                        .body = m->body,
                                        .name = m->claims[i].name,
                                        .body_n = m->body_n };
        }
    p->covered_since = p->since;
    p->waiting = 0;
    p->at_work = true;
}

bool inbox_begin(struct inbox *c, struct inbox_begun *begun)
{
    struct inbox_cluster *p = longest_waiting(c);

    if (!p || c->stopping || c->at_work >= c->config.at_once)
        return false;
    cover(c, p, begun);
    c->at_work++;
    return true;
}

/* Decides what becomes of a message whose clusters have all ended. */
static void judge_message(struct inbox *c, struct inbox_message *m)
{
    m->due = 0;
    c->failed += m->failed;
    if (!m->failed)
        m->state = m->foreign ? MESSAGE_SHELVED : MESSAGE_DONE;
    else if (c->stopping)
        m->state = MESSAGE_RELEASED;
    else
        inbox_drop(c, m);
}

static void end_claim(struct inbox_message *m, struct inbox_wait *claim,
                      enum inbox_how how)
{
    struct inbox_cluster *p = claim->cluster;

    /* A duplicate says nothing about the other messages: they wait again, in
     * the place in line that they had. */
    if ((how == INBOX_IDLE || how == INBOX_FOREIGN) && m->number != p->cause) {
        claim_waits(claim, p->covered_since);
        return;
    }
    m->failed |= how == INBOX_FAILED;
    m->foreign |= how == INBOX_FOREIGN;
    settle_claim(m, claim);
}

static void release_waiting(struct inbox *c)
{
    for (struct inbox_message *m = c->messages; m; m = m->next)
        for (size_t i = 0; i < m->claims_n; i++)
            if (m->claims[i].state == CLAIM_WAITS) {
                settle_claim(m, &m->claims[i]);
                m->failed = true;
                if (m->left == 0)
                    m->state = MESSAGE_RELEASED;
            }
}

static void end_cluster(struct inbox *c, struct inbox_cluster *p,
                     enum inbox_how how)
{
    p->at_work = false;
    for (struct inbox_message *m = c->messages, *next; m; m = next) {
        bool mine = false;

        next = m->next;
        for (size_t i = 0; i < m->claims_n; i++)
            if (m->claims[i].cluster == p &&
                m->claims[i].state == CLAIM_COVERED) {
                end_claim(m, &m->claims[i], how);
                mine = true;
            }
        if (mine && m->left == 0 && m->state == MESSAGE_HELD)
            judge_message(c, m);
    }
    if (c->stopping)
        release_waiting(c);
    drop_idle_clusters(c);
}

void inbox_end(struct inbox *c, struct inbox_cluster *p, enum inbox_how how)
{
    c->at_work--;
    end_cluster(c, p, how);
}

bool inbox_sweep_is_wanted(const struct inbox *c)
{
    return !c->stopping && !c->sweep.at_work && c->sweep.waiting > 0;
}

void inbox_sweep_begin(struct inbox *c)
{
    struct inbox_begun begun;

    cover(c, &c->sweep, &begun);
}

void inbox_sweep_end(struct inbox *c, enum inbox_how how)
{
    end_cluster(c, &c->sweep, how);
}

void inbox_stop(struct inbox *c)
{
    c->stopping = true;
    release_waiting(c);
    drop_idle_clusters(c);
}
