/* base/index.h - nodes that are found by a number, without memory of its own.
 *
 * A tree of bits: at each level one bit of the key says where to go on, the
 * highest first, and a node stands at the first place that was free.  Keys have
 * to be as good as random (hc_index_key mixes a counter): then n nodes are
 * about log2(n) deep, and never more than 64 as long as no key comes twice.
 *
 * Nodes are members of what they find.  Several may have one key.
 */
#ifndef HC_BASE_INDEX_H
#define HC_BASE_INDEX_H

#include <stdint.h>

struct hc_index_node {
    uint64_t key;
    struct hc_index_node *kids[2];
};

struct hc_index { struct hc_index_node *root; };       /* all zero: empty */

/* Numbers that are counted up become good keys; no two become the same. */
uint64_t hc_index_key(uint64_t number);

void hc_index_put(struct hc_index *x, struct hc_index_node *node, uint64_t key);
/* The first node with this key, or the one after `after`; NULL: there is no
 * other. */
struct hc_index_node *hc_index_find(const struct hc_index *x, uint64_t key,
                                    const struct hc_index_node *after);
/* `to` stands where `from` stood. */
void hc_index_move(struct hc_index *x, struct hc_index_node *to,
                   const struct hc_index_node *from);
void hc_index_remove(struct hc_index *x, struct hc_index_node *node);

#endif
