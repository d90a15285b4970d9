/* reconcile/memory.c - entries in the order of their last use.
 *
 * Each rule that reads this memory must be safe without it: in Lambda a process
 * may be new at each event, and an entry may be dropped for a newer one.
 */
#include "reconcile/memory.h"

#include <string.h>

#define MEMORY_UNDONE_N 3

struct hc_memory_entry {
    struct hc_memory_entry *newer, *older;
    size_t size;                     /* of this entry, its key included      */
    uint64_t hash;
    int64_t before, count, at;       /* of our write; `at` of an answer      */
    int64_t earlier;                 /* our write before it, if ECS had not
                                        shown that one; or -1                */
    uint64_t hosts;                  /* fingerprint of what it follows from  */
    int64_t undone[MEMORY_UNDONE_N];
    unsigned undone_n;
    bool written, shown;             /* and ECS showed it                    */
    bool replaced;                   /* ECS shows another count since        */
    bool low;                        /* by connected hosts,                  */
    int64_t low_since;               /* since then                           */
    char hold[HC_MEMORY_HOLD];
    size_t key_n, text_n;
    char key[];                      /* and the text                         */
};

void hc_memory_init(struct hc_memory *m, const struct hc_alloc *a)
{
    *m = (struct hc_memory){ .alloc = a };
    hc_known_hosts_init(&m->hosts, a);
}

static void memory_unlink(struct hc_memory *m, struct hc_memory_entry *e)
{
    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        m->newest = e->older;
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        m->oldest = e->newer;
    e->newer = e->older = NULL;
}

static void memory_link(struct hc_memory *m, struct hc_memory_entry *e)
{
    e->older = m->newest;
    if (m->newest != NULL)
        m->newest->newer = e;
    else
        m->oldest = e;
    m->newest = e;
}

static void memory_drop(struct hc_memory *m, struct hc_memory_entry *e)
{
    memory_unlink(m, e);
    m->n--;
    m->texts -= e->text_n;
    hc_free(m->alloc, e, e->size);
}

void hc_memory_fini(struct hc_memory *m)
{
    while (m->newest != NULL)
        memory_drop(m, m->newest);
    hc_known_hosts_fini(&m->hosts);
}

/* ---- finding ---- */

/* Writes the key as one text and returns its bytes; 0: it is too long. */
static size_t memory_text(char out[HC_MEMORY_KEY],
                          const struct hc_memory_key *key)
{
    const struct hc_str parts[] = {
        key->scope, HC_STR("\n"), key->name,
        key->role.n > 0 ? HC_STR("\n") : key->role, key->role,
    };
    size_t n = 1;

    out[0] = (char)('A' + (int)key->kind);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (parts[i].n > HC_MEMORY_KEY - n)
            return 0;
        if (parts[i].n > 0)
            memcpy(out + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    return n;
}

/* An entry that is found becomes the newest. */
static struct hc_memory_entry *memory_find(struct hc_memory *m,
                                           const struct hc_memory_key *key)
{
    char text[HC_MEMORY_KEY];
    size_t n = m->newest != NULL ? memory_text(text, key) : 0;
    uint64_t hash = hc_str_hash(HC_STR_HASH, (struct hc_str){ text, n });
    struct hc_memory_entry *e = n > 0 ? m->newest : NULL;

    while (e != NULL && (e->hash != hash || e->key_n != n ||
                         memcmp(e->key, text, n) != 0))
        e = e->older;
    if (e != NULL) {
        memory_unlink(m, e);
        memory_link(m, e);
    }
    return e;
}

static struct hc_memory_entry *memory_new(struct hc_memory *m,
                                          const struct hc_memory_key *key,
                                          struct hc_str value)
{
    char text[HC_MEMORY_KEY];
    size_t n = memory_text(text, key);
    struct hc_memory_entry *e;

    if (m->alloc == NULL || n == 0)
        return NULL;
    if (m->n >= HC_MEMORY_MAX && m->oldest != NULL)
        memory_drop(m, m->oldest);
    e = hc_alloc(m->alloc, sizeof(*e) + n + value.n);
    if (e == NULL)
        return NULL;
    e->size = sizeof(*e) + n + value.n;
    e->hash = hc_str_hash(HC_STR_HASH, (struct hc_str){ text, n });
    e->key_n = n;
    memcpy(e->key, text, n);
    e->text_n = value.n;
    if (value.n > 0)
        memcpy(e->key + n, value.p, value.n);
    m->texts += value.n;
    memory_link(m, e);
    m->n++;
    return e;
}

static struct hc_memory_entry *memory_get(struct hc_memory *m,
                                          const struct hc_memory_key *key)
{
    struct hc_memory_entry *e = memory_find(m, key);

    return e != NULL ? e : memory_new(m, key, HC_STR(""));
}

/* ---- our own writes ---- */

/* ECS may still show the count before our write, or the one before the write
 * that we made before it.  After HC_MEMORY_SHOWN it is believed whatever it
 * shows: a write that is not visible by then is undone. */
static bool memory_is_awaited(const struct hc_memory_entry *e, int64_t desired,
                              int64_t now)
{
    return e->written && !e->shown && !e->replaced &&
           (desired == e->before || desired == e->earlier) &&
           now < hc_time_add(e->at, HC_MEMORY_SHOWN);
}

void hc_memory_wrote(struct hc_memory *m, const struct hc_memory_key *key,
                     const struct hc_memory_write *write, int64_t now)
{
    struct hc_memory_entry *e = memory_get(m, key);

    if (e == NULL)
        return;
    e->earlier = !memory_is_awaited(e, e->before, now) ? -1
                 : write->before == e->count           ? e->before : e->count;
    e->before = write->before;
    e->count = write->count;
    e->hosts = write->hosts;
    e->at = now;
    e->written = true;
    e->shown = e->replaced = false;
}

void hc_memory_saw(struct hc_memory *m, const struct hc_memory_key *key,
                   int64_t desired, int64_t now)
{
    struct hc_memory_entry *e = memory_find(m, key);

    if (e == NULL || !e->written || memory_is_awaited(e, desired, now))
        return;
    e->replaced = desired != e->count;
    e->shown = e->shown || !e->replaced;
}

/* A count that ECS shows for other hosts than those of our write may follow
 * from those: only with the same hosts somebody undid our write. */
static bool memory_is_undone(const struct hc_memory_entry *e, uint64_t hosts)
{
    return e != NULL && e->written && e->replaced && e->hosts == hosts;
}

bool hc_memory_replaced(struct hc_memory *m, const struct hc_memory_key *key,
                        uint64_t hosts, int64_t *count)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    if (!memory_is_undone(e, hosts))
        return false;
    *count = e->count;
    return true;
}

void hc_memory_planned(struct hc_memory *m, const struct hc_memory_key *key,
                       int64_t wanted, uint64_t hosts, int64_t now)
{
    struct hc_memory_entry *e = memory_find(m, key);

    if (e == NULL || !e->written || !e->replaced)
        return;
    if (memory_is_undone(e, hosts) && wanted == e->count)
        e->undone[e->undone_n++ % MEMORY_UNDONE_N] = now;
    e->written = e->replaced = false;
}

bool hc_memory_awaits(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t desired, int64_t now, int64_t *count)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    if (e == NULL || !memory_is_awaited(e, desired, now))
        return false;
    *count = e->count;
    return true;
}

int hc_memory_undone(struct hc_memory *m, const struct hc_memory_key *key,
                     int64_t now)
{
    const struct hc_memory_entry *e = memory_find(m, key);
    int n = 0;

    for (unsigned i = 0; e != NULL && i < MEMORY_UNDONE_N && i < e->undone_n;
         i++)
        n += now <= hc_time_add(e->undone[i], HC_MEMORY_UNDONE);
    return n;
}

/* ---- hosts that lost their agent ---- */

void hc_memory_saw_low(struct hc_memory *m, const struct hc_memory_key *key,
                       bool low, int64_t now)
{
    struct hc_memory_entry *e = low ? memory_get(m, key) : memory_find(m, key);

    if (e == NULL)
        return;
    if (!e->low)
        e->low_since = now;
    e->low = low;
}

bool hc_memory_is_low(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    return e != NULL && e->low &&
           now >= hc_time_add(e->low_since, HC_MEMORY_SIGHTING);
}

/* ---- holds ---- */

void hc_memory_hold(struct hc_memory *m, const struct hc_memory_key *key,
                    char code[HC_MEMORY_HOLD])
{
    struct hc_memory_entry *e = code[0] != '\0' ? memory_get(m, key)
                                                : memory_find(m, key);
    char before[HC_MEMORY_HOLD] = "";

    if (e != NULL) {
        memcpy(before, e->hold, sizeof(before));
        memcpy(e->hold, code, sizeof(e->hold));
    }
    memcpy(code, before, sizeof(before));
}

/* ---- versions, answers, texts ---- */

bool hc_memory_has_version(struct hc_memory *m,
                           const struct hc_memory_key *key, int64_t version)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    return e != NULL && version <= e->count;
}

void hc_memory_put_version(struct hc_memory *m,
                           const struct hc_memory_key *key, int64_t version)
{
    struct hc_memory_entry *e = memory_get(m, key);

    if (e != NULL && version > e->count)
        e->count = version;
}

bool hc_memory_answer(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now, bool *yes)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    if (e == NULL || now >= hc_time_add(e->at, HC_MEMORY_ANSWER))
        return false;
    *yes = e->count > 0;
    return true;
}

void hc_memory_put_answer(struct hc_memory *m, const struct hc_memory_key *key,
                          int64_t now, bool yes)
{
    struct hc_memory_entry *e = memory_get(m, key);

    if (e == NULL)
        return;
    e->count = yes;
    e->at = now;
}

bool hc_memory_text(struct hc_memory *m, const struct hc_memory_key *key,
                    int64_t since, struct hc_str *text)
{
    const struct hc_memory_entry *e = memory_find(m, key);

    if (e == NULL || e->at < since)
        return false;
    *text = hc_str_n(e->key + e->key_n, e->text_n);
    return true;
}

void hc_memory_put_text(struct hc_memory *m, const struct hc_memory_key *key,
                        int64_t now, struct hc_str text)
{
    struct hc_memory_entry *e = memory_find(m, key);

    if (e != NULL)
        memory_drop(m, e);
    if (text.n > HC_MEMORY_TEXTS - m->texts)
        return;
    e = memory_new(m, key, text);
    if (e != NULL)
        e->at = now;
}
