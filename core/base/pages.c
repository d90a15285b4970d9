/* base/pages.c - a list that comes page by page: where it goes on, and whether
 * it comes to an end. */
#include "base/pages.h"

#include "base/err.h"

#define PAGES_TOKEN ((size_t)64 << 10)
#define PAGES_ITEMS HC_STR_HASH
#define PAGES_TOKENS (~HC_STR_HASH)
#ifdef HC_TINY
#define PAGES_SLOTS 2
#else
#define PAGES_SLOTS 256
#endif

void hc_pages_init(struct hc_pages *p, const struct hc_alloc *a)
{
    *p = (struct hc_pages){ .n = 0 };
    hc_buf_init(&p->token, a, PAGES_TOKEN);
}

static void pages_forget(struct hc_pages *p)
{
    hc_free(p->token.alloc, p->seen, p->slots_n * sizeof *p->seen);
    p->seen = NULL;
    p->seen_n = p->slots_n = 0;
}

void hc_pages_fini(struct hc_pages *p)
{
    pages_forget(p);
    hc_buf_fini(&p->token);
}

void hc_pages_reset(struct hc_pages *p)
{
    pages_forget(p);
    hc_buf_reset(&p->token);
    p->n = p->idle = 0;
    p->news = false;
}

struct hc_str hc_pages_token(const struct hc_pages *p)
{
    return hc_buf_view(&p->token);
}

void hc_pages_news(struct hc_pages *p)
{
    p->news = true;
}

/* ---- items and tokens so far: at most half of the slots are taken ---- */

/* Where this hash is, or would be. */
static uint64_t *pages_slot(uint64_t *slots, size_t n, uint64_t hash)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (n - 1);

    while (slots[at] != 0 && slots[at] != hash)
        at = (at + 1) & (n - 1);
    return &slots[at];
}

static int pages_make_room(struct hc_pages *p)
{
    size_t n = p->slots_n > 0 ? 2 * p->slots_n : PAGES_SLOTS;

    if (2 * (p->seen_n + 1) <= p->slots_n)
        return 0;
    uint64_t *slots = hc_alloc_array(p->token.alloc, n, sizeof *slots);

    if (slots == NULL)
        return HEADCOUNT_ENOMEM;
    for (size_t i = 0; i < p->slots_n; i++)
        if (p->seen[i] != 0)
            *pages_slot(slots, n, p->seen[i]) = p->seen[i];
    hc_free(p->token.alloc, p->seen, p->slots_n * sizeof *slots);
    p->seen = slots;
    p->slots_n = n;
    return 0;
}

/* 1: this text is new; 0: it is not; HEADCOUNT_ENOMEM.  Only hashes are kept.
 * Two texts have the same one once in 2^64 pairs, and the harm is small: a page
 * that holds nothing but the second text does not count as news. */
static int pages_note(struct hc_pages *p, uint64_t seed, struct hc_str text)
{
    uint64_t hash = hc_str_hash(seed, text) | 1;
    int err = pages_make_room(p);

    if (err < 0)
        return err;
    uint64_t *slot = pages_slot(p->seen, p->slots_n, hash);

    if (*slot == hash)
        return 0;
    *slot = hash;
    p->seen_n++;
    return 1;
}

int hc_pages_saw(struct hc_pages *p, struct hc_str item)
{
    int got = pages_note(p, PAGES_ITEMS, item);

    p->news = p->news || got > 0;
    return got < 0 ? got : 0;
}

/* ---- the next page ---- */

static const char *pages_fault(const struct hc_pages *p, struct hc_str next)
{
    if (hc_str_eq(next, hc_buf_view(&p->token)))
        return "names a page as its own next one";
    if (p->idle >= HC_PAGES_IDLE)
        return "does not come to an end: three pages in a row bring nothing "
               "new";
    if (p->n >= HC_PAGES_MAX)
        return "does not come to an end: it has more than 1000 pages";
    return NULL;
}

int hc_pages_turn(struct hc_pages *p, bool empty, struct hc_str next,
                  const char **why)
{
    p->n++;
    if (next.n == 0) {
        hc_buf_reset(&p->token);
        return 1;
    }
    int fresh = pages_note(p, PAGES_TOKENS, next);

    if (fresh < 0)
        return fresh;
    /* A page that is empty, and names a next one that was not named before, is
     * neither news nor idle: AWS cuts a page first and filters it then, so a
     * filter may leave nothing of it. */
    if (p->news)
        p->idle = 0;
    else if (!empty || fresh == 0)
        p->idle++;
    p->news = false;
    *why = pages_fault(p, next);
    if (*why != NULL)
        return HEADCOUNT_EANSWER;
    hc_buf_reset(&p->token);
    hc_buf_str(&p->token, next);
    return hc_buf_error(&p->token);
}
