/* reconcile/memory.c - entries by their key, in the order of their last use.
 *
 * Each rule that reads this memory must be safe without it: in Lambda a process
 * may be new at each event, and an entry may be dropped for a newer one.
 */
#include "reconcile/memory.h"

#include <string.h>

#define MEMORY_UNDONE_N 3

struct hc_memory_entry {
    struct hc_index_node node;       /* first member                         */
    struct hc_memory_entry *newer, *older;
    int64_t seen;                    /* last put or found                    */
    size_t size;                     /* of this entry, its key included      */
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

/* A key as one text. */
struct memory_name {
    uint64_t key;                    /* of the index                         */
    size_t n;                        /* 0: it is too long                    */
    char text[HC_MEMORY_KEY];
};

void hc_memory_init(struct hc_memory *m, const struct hc_alloc *a)
{
    *m = (struct hc_memory){ .alloc = a, .max = HC_MEMORY_MAX,
                             .texts_max = HC_MEMORY_TEXTS };
    hc_known_hosts_init(&m->hosts, a);
}

static struct hc_memory_list *memory_list(struct hc_memory *m,
                                          const struct hc_memory_entry *e)
{
    return &m->lists[e->text_n > 0];
}

static void memory_unlink(struct hc_memory *m, struct hc_memory_entry *e)
{
    struct hc_memory_list *l = memory_list(m, e);

    if (e->newer != NULL)
        e->newer->older = e->older;
    else
        l->newest = e->older;
    if (e->older != NULL)
        e->older->newer = e->newer;
    else
        l->oldest = e->newer;
    e->newer = e->older = NULL;
}

static void memory_link(struct hc_memory *m, struct hc_memory_entry *e)
{
    struct hc_memory_list *l = memory_list(m, e);

    e->seen = m->now;
    e->older = l->newest;
    if (l->newest != NULL)
        l->newest->newer = e;
    else
        l->oldest = e;
    l->newest = e;
}

static void memory_drop(struct hc_memory *m, struct hc_memory_entry *e)
{
    memory_unlink(m, e);
    hc_index_remove(&m->index, &e->node);
    m->n--;
    m->texts -= e->text_n;
    hc_free(m->alloc, e, e->size);
}

void hc_memory_fini(struct hc_memory *m)
{
    for (size_t i = 0; i < 2; i++)
        while (m->lists[i].newest != NULL)
            memory_drop(m, m->lists[i].newest);
    hc_known_hosts_fini(&m->hosts);
}

/* ---- finding ---- */

static void memory_name(struct memory_name *to,
                        const struct hc_memory_key *key)
{
    const struct hc_str parts[] = {
        key->scope, HC_STR("\n"), key->name,
        key->role.n > 0 ? HC_STR("\n") : key->role, key->role,
    };
    size_t n = 1;

    to->n = 0;
    to->key = 0;
    to->text[0] = (char)('A' + (int)key->kind);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        if (parts[i].n > HC_MEMORY_KEY - n)
            return;
        if (parts[i].n > 0)
            memcpy(to->text + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    to->n = n;
    to->key = hc_index_key(hc_str_hash(HC_STR_HASH, hc_str_n(to->text, n)));
}

/* An entry that is found becomes the newest of its list. */
static struct hc_memory_entry *memory_find_name(struct hc_memory *m,
                                                const struct memory_name *name)
{
    struct hc_index_node *at = NULL;

    while ((at = hc_index_find(&m->index, name->key, at)) != NULL) {
        struct hc_memory_entry *e = (struct hc_memory_entry *)at;

        if (name->n == 0 || e->key_n != name->n ||
            memcmp(e->key, name->text, name->n) != 0)
            continue;
        memory_unlink(m, e);
        memory_link(m, e);
        return e;
    }
    return NULL;
}

static struct hc_memory_entry *memory_find(struct hc_memory *m,
                                           const struct hc_memory_key *key)
{
    struct memory_name name;

    if (m->n == 0)
        return NULL;
    memory_name(&name, key);
    return memory_find_name(m, &name);
}

/* The same at this time: the entry counts as seen then. */
static struct hc_memory_entry *memory_find_at(struct hc_memory *m,
                                              const struct hc_memory_key *key,
                                              int64_t now)
{
    m->now = now;
    return memory_find(m, key);
}

/* False: there is no room for one more entry, or for its text, and none that
 * was not seen for an hour. */
static bool memory_make_room(struct hc_memory *m, size_t text_n)
{
    const struct hc_memory_list *l = m->lists;

    if (text_n > m->texts_max)
        return false;
    while (m->n >= m->max || text_n > m->texts_max - m->texts) {
        struct hc_memory_entry *e = l[1].oldest;

        if (m->n >= m->max && l[0].oldest != NULL &&
            (e == NULL || l[0].oldest->seen < e->seen))
            e = l[0].oldest;
        if (e == NULL || m->now < hc_time_add(e->seen, HC_MEMORY_SEEN))
            return false;
        memory_drop(m, e);
    }
    return true;
}

static struct hc_memory_entry *memory_new(struct hc_memory *m,
                                          const struct memory_name *name,
                                          struct hc_str value)
{
    const size_t size = sizeof(struct hc_memory_entry) + name->n + value.n;
    struct hc_memory_entry *e = NULL;

    if (m->alloc != NULL && name->n > 0 && memory_make_room(m, value.n))
        e = hc_alloc(m->alloc, size);
    if (e == NULL)
        return NULL;
    e->size = size;
    e->key_n = name->n;
    memcpy(e->key, name->text, name->n);
    e->text_n = value.n;
    if (value.n > 0)
        memcpy(e->key + name->n, value.p, value.n);
    m->texts += value.n;
    hc_index_put(&m->index, &e->node, name->key);
    memory_link(m, e);
    m->n++;
    return e;
}

static struct hc_memory_entry *memory_get(struct hc_memory *m,
                                          const struct hc_memory_key *key,
                                          int64_t now)
{
    struct memory_name name;
    struct hc_memory_entry *e;

    m->now = now;
    memory_name(&name, key);
    e = memory_find_name(m, &name);
    return e != NULL ? e : memory_new(m, &name, HC_STR(""));
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
    struct hc_memory_entry *e = memory_get(m, key, now);

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
    struct hc_memory_entry *e = memory_find_at(m, key, now);

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
    struct hc_memory_entry *e = memory_find_at(m, key, now);

    if (e == NULL || !e->written || !e->replaced)
        return;
    if (memory_is_undone(e, hosts) && wanted == e->count)
        e->undone[e->undone_n++ % MEMORY_UNDONE_N] = now;
    e->written = e->replaced = false;
}

bool hc_memory_awaits(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t desired, int64_t now, int64_t *count)
{
    const struct hc_memory_entry *e = memory_find_at(m, key, now);

    if (e == NULL || !memory_is_awaited(e, desired, now))
        return false;
    *count = e->count;
    return true;
}

int hc_memory_undone(struct hc_memory *m, const struct hc_memory_key *key,
                     int64_t now)
{
    const struct hc_memory_entry *e = memory_find_at(m, key, now);
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
    struct hc_memory_entry *e = low ? memory_get(m, key, now)
                                    : memory_find_at(m, key, now);

    if (e == NULL)
        return;
    if (!e->low)
        e->low_since = now;
    e->low = low;
}

bool hc_memory_is_low(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now)
{
    const struct hc_memory_entry *e = memory_find_at(m, key, now);

    return e != NULL && e->low &&
           now >= hc_time_add(e->low_since, HC_MEMORY_SIGHTING);
}

/* ---- holds ---- */

void hc_memory_hold(struct hc_memory *m, const struct hc_memory_key *key,
                    char code[HC_MEMORY_HOLD])
{
    struct hc_memory_entry *e = code[0] != '\0' ? memory_get(m, key, m->now)
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
    struct hc_memory_entry *e = memory_get(m, key, m->now);

    if (e != NULL && version > e->count)
        e->count = version;
}

bool hc_memory_answer(struct hc_memory *m, const struct hc_memory_key *key,
                      int64_t now, bool *yes)
{
    const struct hc_memory_entry *e = memory_find_at(m, key, now);

    if (e == NULL || now >= hc_time_add(e->at, HC_MEMORY_ANSWER))
        return false;
    *yes = e->count > 0;
    return true;
}

void hc_memory_put_answer(struct hc_memory *m, const struct hc_memory_key *key,
                          int64_t now, bool yes)
{
    struct hc_memory_entry *e = memory_get(m, key, now);

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
    struct memory_name name;
    struct hc_memory_entry *e;

    m->now = now;
    memory_name(&name, key);
    e = memory_find_name(m, &name);
    if (e != NULL)
        memory_drop(m, e);
    e = memory_new(m, &name, text);
    if (e != NULL)
        e->at = now;
}
