/* base/index.c - nodes that are found by a number. */
#include "base/index.h"

#include <stddef.h>

/* The golden ratio's fraction: its products are spread evenly, and an odd
 * factor maps no two numbers to one. */
uint64_t hc_index_key(uint64_t number)
{
    return number * UINT64_C(0x9E3779B97F4A7C15);
}

/* The place of this node on the way of the key; NULL stands for the free place
 * at its end. */
static struct hc_index_node **index_place(struct hc_index *x, uint64_t key,
                                          const struct hc_index_node *node)
{
    struct hc_index_node **at = &x->root;

    for (; *at != NULL && *at != node; key <<= 1)
        at = &(*at)->kids[key >> 63];
    return at;
}

void hc_index_put(struct hc_index *x, struct hc_index_node *node, uint64_t key)
{
    *node = (struct hc_index_node){ .key = key };
    *index_place(x, key, NULL) = node;
}

struct hc_index_node *hc_index_find(const struct hc_index *x, uint64_t key,
                                    const struct hc_index_node *after)
{
    struct hc_index_node *at = x->root;

    for (uint64_t way = key; at != NULL; way <<= 1) {
        if (at == after)
            after = NULL;
        else if (after == NULL && at->key == key)
            return at;
        at = at->kids[way >> 63];
    }
    return NULL;
}

void hc_index_move(struct hc_index *x, struct hc_index_node *to,
                   const struct hc_index_node *from)
{
    *index_place(x, from->key, from) = to;
    *to = *from;
}

/* Any node below may stand where the one that goes stood: here the last of a
 * way down. */
void hc_index_remove(struct hc_index *x, struct hc_index_node *node)
{
    struct hc_index_node **at = index_place(x, node->key, node), **last = at;

    if (*at == NULL)                     /* it is not in there */
        return;
    while ((*last)->kids[0] != NULL || (*last)->kids[1] != NULL)
        last = &(*last)->kids[(*last)->kids[0] == NULL];
    struct hc_index_node *heir = *last;

    *last = NULL;
    if (heir == node)
        return;
    heir->kids[0] = node->kids[0];
    heir->kids[1] = node->kids[1];
    *at = heir;
}
