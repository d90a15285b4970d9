/* base/pages.h - a list that comes page by page: where it goes on, and whether
 * it comes to an end.
 *
 * AWS may answer with any number of empty pages, each of which names a next one
 * by a new token.  Tokens that go round in a ring are not new, and neither are
 * their items: HC_PAGES_IDLE pages in a row that bring nothing new end the list
 * as failed, if another would follow.
 */
#ifndef HC_BASE_PAGES_H
#define HC_BASE_PAGES_H

#include "base/buf.h"

#define HC_PAGES_IDLE 3
#define HC_PAGES_MAX 1000             /* of one list */

struct hc_pages {
    struct hc_buf token;           /* of the page to ask for; empty: first  */
    size_t n;                      /* pages so far                            */
    size_t idle;                   /* the last of them, without anything new  */
    bool news;                     /* the page at hand brings something new   */
    uint64_t *seen;                /* hash table of items and tokens; 0: free */
    size_t seen_n, slots_n;
};

/* Nothing is allocated before the first token or item. */
void hc_pages_init(struct hc_pages *p, const struct hc_alloc *a);
void hc_pages_fini(struct hc_pages *p);     /* p may be all zero */
/* The next page to ask for is the first. */
void hc_pages_reset(struct hc_pages *p);
struct hc_str hc_pages_token(const struct hc_pages *p);

/* The page at hand brings something new: for a caller that keeps a set of all
 * items itself. */
void hc_pages_news(struct hc_pages *p);
/* For a caller without such a set: notes one item of the page at hand, and
 * whether it is new.  0 or HEADCOUNT_ENOMEM. */
int hc_pages_saw(struct hc_pages *p, struct hc_str item);
/* The page is over (empty: it held no items) and names this one as the next.
 * 1: it was the last; 0: ask for it; HEADCOUNT_EANSWER, and *why is how the
 * sentence "ListX ..." goes on; HEADCOUNT_ENOMEM or HEADCOUNT_ELIMIT (a
 * token that is too long). */
int hc_pages_turn(struct hc_pages *p, bool empty, struct hc_str next,
                  const char **why);

#endif
