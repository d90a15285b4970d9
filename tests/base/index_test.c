/* base/index - nodes that are found by a number. */
#include "base/index.h"

#include "t.h"

#define MANY 300

static struct hc_index_node nodes[MANY];

static size_t depth_of(const struct hc_index_node *node)
{
    if (node == NULL)
        return 0;
    size_t a = depth_of(node->kids[0]), b = depth_of(node->kids[1]);

    return 1 + (a > b ? a : b);
}

TEST(index, each_node_is_found_by_its_key_until_it_goes)
{
    struct hc_index x = { NULL };

    CHECK(hc_index_find(&x, 0, NULL) == NULL);
    for (uint64_t i = 0; i < MANY; i++)
        hc_index_put(&x, &nodes[i], hc_index_key(i + 1000));
    CHECK(depth_of(x.root) < 20);
    for (uint64_t gone = 0; gone < MANY; gone++) {
        hc_index_remove(&x, &nodes[gone * 77 % MANY]);
        for (uint64_t i = 0; i < MANY; i++) {
            const uint64_t at = i * 77 % MANY;

            CHECK(hc_index_find(&x, hc_index_key(at + 1000), NULL) ==
                  (i <= gone ? NULL : &nodes[at]));
        }
    }
    CHECK(x.root == NULL);
}

TEST(index, nodes_of_one_key_are_found_one_after_the_other)
{
    static const uint64_t keys[] = { 0, 5, UINT64_MAX };

    for (size_t k = 0; k < 3; k++) {
        struct hc_index x = { NULL };
        const struct hc_index_node *at = NULL;
        size_t n = 0;

        for (size_t i = 0; i < MANY; i++)
            hc_index_put(&x, &nodes[i],
                         i % 3 == 0 ? keys[k] : hc_index_key(i));
        hc_index_remove(&x, &nodes[3]);
        while ((at = hc_index_find(&x, keys[k], at)) != NULL && n <= MANY)
            n += at->key == keys[k] && at != &nodes[3];
        CHECK_INT(n, MANY / 3 - 1);
    }
}

TEST(index, one_that_moved_is_found_where_it_is)
{
    struct hc_index x = { NULL };
    struct hc_index_node to[2];

    for (uint64_t i = 0; i < 20; i++)
        hc_index_put(&x, &nodes[i], hc_index_key(i));
    const struct hc_index_node *top = x.root;

    hc_index_move(&x, &to[0], top);                /* the root and a leaf */
    hc_index_move(&x, &to[1], &nodes[19]);
    CHECK(hc_index_find(&x, top->key, NULL) == &to[0]);
    CHECK(hc_index_find(&x, hc_index_key(19), NULL) == &to[1]);
    for (uint64_t i = 0; i < 19; i++)
        CHECK(&nodes[i] == top ||
              hc_index_find(&x, hc_index_key(i), NULL) == &nodes[i]);
    hc_index_remove(&x, &to[0]);
    hc_index_remove(&x, &to[1]);
    CHECK(hc_index_find(&x, hc_index_key(19), NULL) == NULL);
}
