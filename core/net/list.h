/* net/list.h - a doubly linked list whose links stand in its members.
 *
 * The head is a link of its own and must not move.  A link that is all zero
 * stands in no list.  A member is found again by the offset of its link.
 */
#ifndef HC_NET_LIST_H
#define HC_NET_LIST_H

#include <stddef.h>

struct hc_link {
    struct hc_link *prev, *next;
};

static inline void hc_list_init(struct hc_link *head)
{
    head->prev = head->next = head;
}

/* NULL: the list is empty. */
static inline struct hc_link *hc_list_first(const struct hc_link *head)
{
    return head->next != head ? head->next : NULL;
}

static inline struct hc_link *hc_list_last(const struct hc_link *head)
{
    return head->prev != head ? head->prev : NULL;
}

/* Before `at`: at the end of the list if that is its head. */
static inline void hc_list_put(struct hc_link *at, struct hc_link *link)
{
    link->next = at;
    link->prev = at->prev;
    at->prev->next = link;
    at->prev = link;
}

/* In no list: nothing happens. */
static inline void hc_list_cut(struct hc_link *link)
{
    if (link->next == NULL)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

/* The member whose link stands `offset` bytes behind its begin; NULL for
 * NULL. */
static inline void *hc_list_of(struct hc_link *link, size_t offset)
{
    return link != NULL ? (char *)link - offset : NULL;
}

#endif
