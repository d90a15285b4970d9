/* tests/fuzz/rules_fuzz.c - rules that people write without Lua: the first byte
 * says which reader takes the rest.
 *
 *   q  an expression of the cluster query language, for a host
 *   a  cluster-proportional-autoscaler's JSON
 *   t  tags, "KEY=VALUE" a line
 *
 * What is accepted has to be sound: a rule that hc_rule_check takes, the same
 * answer twice.
 */
#include <stdlib.h>
#include <string.h>

#include "ecs/query.h"
#include "plan/autoscaler.h"
#include "plan/tags.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void fuzz_must(int ok)
{
    if (!ok)
        abort();
}

static void fuzz_query(struct hc_str expr)
{
    static struct hc_ecs_tag a = { { "a", 1 }, { "16", 2 }, NULL };
    const struct hc_ecs_host host = {
        .ec2_id = HC_STR("i-1"), .agent_version = HC_STR("1.9.0"),
        .connected = true, .registered_at = 7, .running = 3, .attributes = &a,
    };
    struct headcount_error e = { 0 };
    int first = hc_query_matches(expr, &host, &e);

    fuzz_must(first <= 1 && (first >= 0 || e.what[0] != '\0'));
    fuzz_must(hc_query_matches(expr, &host, NULL) == first);
    if (first >= 0)
        fuzz_must(hc_query_check(expr, NULL) == 0);
}

static void fuzz_wish(struct hc_str text, char kind)
{
    struct hc_ecs_tag tags[16];
    struct hc_wish wish = { .service = HC_STR("web") };
    struct headcount_error e = { 0 };
    struct hc_arena arena;
    size_t n = 0;
    int err;

    hc_arena_init(&arena, &hc_alloc_libc, (size_t)1 << 20);
    while (kind == 't' && text.n > 0 && n < 16) {
        struct hc_str value = hc_str_cut(&text, '\n');
        struct hc_str key = hc_str_cut(&value, '=');

        tags[n] = (struct hc_ecs_tag){ hc_arena_str(&arena, key),
                                       hc_arena_str(&arena, value), NULL };
        if (n > 0)
            tags[n - 1].next = &tags[n];
        n++;
    }
    err = kind == 't' ? hc_tags_wish(&wish, n > 0 ? tags : NULL, &arena, &e)
                      : hc_autoscaler_wish(&wish, text, &arena, &e);
    fuzz_must(err == 0 || e.what[0] != '\0');
    if (err == 0) {
        const struct hc_measure m = { 7, 7 * 4096, 7 * 8192 };

        fuzz_must(hc_rule_check(&wish.rule, NULL) == 0 && wish.allow == 0);
        fuzz_must(hc_rule_count(&wish.rule, &m) >= 0);
    }
    hc_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct hc_str rest = { (const char *)data + 1, size > 0 ? size - 1 : 0 };

    if (size == 0)
        return 0;
    if (data[0] == 'q')
        fuzz_query(rest);
    else if (data[0] == 'a' || data[0] == 't')
        fuzz_wish(rest, (char)data[0]);
    return 0;
}
