/* aws/user_agent.c - the User-Agent (contract: aws/user_agent.h).
 *
 * The form, the order and the characters are those of botocore's useragent.py.
 */
#include "aws/user_agent.h"

#include <string.h>

#include "base/text.h"

#define AGENT_TEXT ((size_t)2048)
#define AGENT_VALUE 256                /* bytes of one value                 */

struct hc_user_agent_text {
    struct hc_user_agent_text *next;
    uint32_t features;
    size_t n;
    char p[];
};

#define AGENT_ID(name, id) "," id
static const char agent_ids[] = HC_FEATURES(AGENT_ID);
#undef AGENT_ID

/* Only RFC 9110's token characters, and '#' where AWS allows it: an environment
 * may hold anything, also what would begin another header.  A character that is
 * not ASCII becomes one '-'. */
static void agent_put_value(struct hc_buf *out, struct hc_str s,
                            const char *marks)
{
    for (size_t i = 0; i < s.n && i < AGENT_VALUE; i++) {
        char c = s.p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c >= '0' && c <= '9') ||
                    (c != '\0' && strchr(marks, c) != NULL);

        if (((unsigned char)c & 0xC0) != 0x80)
            hc_buf_chr(out, fine ? c : '-');
    }
}

#define AGENT_NAME "!$%&'*+-.^_`|~,"
#define AGENT_MARKS "#" AGENT_NAME

static void agent_put(struct hc_buf *out, const char *name, struct hc_str value)
{
    if (value.n == 0)
        return;
    hc_buf_text(out, name);
    agent_put_value(out, value, AGENT_MARKS);
}

static void agent_lower(char *z)
{
    for (; *z != '\0'; z++)
        *z = hc_lower(*z);
}

/* "os/linux#6.1.0"; a system that AWS has no name for: "os/other md/...". */
static void agent_put_system(struct hc_buf *out, const struct hc_system *sys)
{
    struct hc_machine m = { .os = "" };

    if (sys->machine != NULL)
        sys->machine(sys->ud, &m);
    bool mac = hc_str_eqi(hc_str(m.os), HC_STR("darwin"));

    if (mac || hc_str_eqi(hc_str(m.os), HC_STR("linux"))) {
        hc_buf_text(out, mac ? " os/macos" : " os/linux");
        agent_put(out, "#", hc_str(m.release));
    } else {
        hc_buf_lit(out, " os/other");
        if (m.os[0] != '\0') {
            hc_buf_lit(out, " md/");
            agent_put_value(out, hc_str(m.os), AGENT_NAME);
            agent_put(out, "#", hc_str(m.release));
        }
    }
    agent_lower(m.arch);
    agent_put(out, " md/arch#", hc_str(m.arch));
}

int hc_user_agent_init(struct hc_user_agent *a, const struct hc_system *sys,
                       const struct hc_user_agent_config *config)
{
    *a = (struct hc_user_agent){ .alloc = &sys->alloc };
    hc_buf_init(&a->head, a->alloc, AGENT_TEXT);
    hc_buf_init(&a->tail, a->alloc, AGENT_TEXT);
    hc_buf_fmt(&a->head, "headcount/%s ua/2.1", config->version);
    agent_put_system(&a->head, sys);
    hc_buf_lit(&a->head, " lang/c#11");
    if (config->exec_env.n > 0) {
        hc_buf_lit(&a->head, " exec-env/");
        agent_put_value(&a->head, config->exec_env, AGENT_NAME);
    }
    hc_buf_lit(&a->head, " m/E");
    hc_buf_lit(&a->tail, " cfg/retry-mode#standard");
    agent_put(&a->tail, " app/", config->app_id);
    int err = hc_buf_error(&a->head);

    if (err == 0)
        err = hc_buf_error(&a->tail);
    if (err == 0)
        a->plain = hc_user_agent_get(a, HC_FEATURE_NONE);
    return err < 0 || a->plain.n == 0 ? HEADCOUNT_ENOMEM : 0;
}

void hc_user_agent_fini(struct hc_user_agent *a)
{
    if (a->alloc == NULL)
        return;
    while (a->texts != NULL) {
        struct hc_user_agent_text *t = a->texts;

        a->texts = t->next;
        hc_free(a->alloc, t, sizeof *t + t->n);
    }
    hc_buf_fini(&a->head);
    hc_buf_fini(&a->tail);
    a->alloc = NULL;
}

static char *agent_copy(char *to, struct hc_str s)
{
    memcpy(to, s.p, s.n);
    return to + s.n;
}

/* The ids of the set with a comma before each; to NULL, only their length. */
static size_t agent_ids_put(char *to, uint32_t features)
{
    struct hc_str ids = hc_str_from(HC_STR(agent_ids), 1);
    size_t n = 0;

    for (uint32_t bit = 1; ids.n > 0; bit <<= 1) {
        struct hc_str id = hc_str_cut(&ids, ',');

        if ((features & bit) == 0)
            continue;
        if (to != NULL) {
            to[n] = ',';
            agent_copy(to + n + 1, id);
        }
        n += id.n + 1;
    }
    return n;
}

static struct hc_user_agent_text *agent_new(struct hc_user_agent *a,
                                            uint32_t features)
{
    struct hc_str head = hc_buf_view(&a->head), tail = hc_buf_view(&a->tail);
    size_t ids = agent_ids_put(NULL, features);
    size_t n = head.n + ids + tail.n;
    struct hc_user_agent_text *t = hc_alloc(a->alloc, sizeof *t + n);

    if (t == NULL)
        return NULL;
    char *at = agent_copy(t->p, head);

    agent_ids_put(at, features);
    agent_copy(at + ids, tail);
    t->features = features;
    t->n = n;
    a->n++;
    return t;
}

struct hc_str hc_user_agent_get(struct hc_user_agent *a, uint32_t features)
{
    struct hc_user_agent_text **at = &a->texts, *t;

    while (*at != NULL && (*at)->features != features)
        at = &(*at)->next;
    t = *at;
    if (t == NULL && a->n >= HC_USER_AGENTS)
        return a->plain;
    if (t != NULL)
        *at = t->next;
    else
        t = agent_new(a, features);
    if (t == NULL)
        return hc_str_n(NULL, 0);
    t->next = a->texts;
    a->texts = t;
    return hc_str_n(t->p, t->n);
}
