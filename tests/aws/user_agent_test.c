/* tests/aws/user_agent_test.c - the User-Agent in AWS's form. */
#include "t.h"

#include <string.h>

#include "aws/user_agent.h"
#include "base/text.h"

static struct hc_machine machine;
static struct hc_user_agent agent;
static struct hc_system sys;
static int asked;

static void say_machine(void *ud, struct hc_machine *out)
{
    (void)ud;
    asked++;
    *out = machine;
}

static int open_agent(const char *exec_env, const char *app_id)
{
    const struct hc_user_agent_config config = {
        .version = "1.2.3", .exec_env = hc_str(exec_env),
        .app_id = hc_str(app_id),
    };

    sys = (struct hc_system){ .alloc = *t_alloc(), .machine = say_machine };
    asked = 0;
    return hc_user_agent_init(&agent, &sys, &config);
}

static void says(uint32_t features, const char *want)
{
    CHECK_STR(hc_user_agent_get(&agent, features), want);
}

TEST(user_agent, has_the_fields_of_the_form_in_its_order)
{
    machine = (struct hc_machine){ "Linux", "6.1.0-18", "x86_64" };
    CHECK_INT(open_agent("AWS_Lambda_provided.al2023", "my app#1/2"), 0);
    says(HC_FEATURE_NONE,
         "headcount/1.2.3 ua/2.1 os/linux#6.1.0-18 md/arch#x86_64 lang/c#11 "
         "exec-env/AWS_Lambda_provided.al2023 m/E cfg/retry-mode#standard "
         "app/my-app#1-2");
    CHECK_INT(asked, 1);
    hc_user_agent_fini(&agent);
    hc_user_agent_fini(&agent);
}

#define TAIL " lang/c#11 m/E cfg/retry-mode#standard"

TEST(user_agent, names_the_system_as_botocore_does)
{
    static const struct { struct hc_machine m; const char *want; } rows[] = {
        { { "Linux", "", "" }, "os/linux" TAIL },
        { { "Darwin", "24.1", "ARM64" }, "os/macos#24.1 md/arch#arm64" TAIL },
        { { "FreeBSD", "14.1", "amd64" },
          "os/other md/FreeBSD#14.1 md/arch#amd64" TAIL },
        { { "Sun#OS x", "5 #1", "" }, "os/other md/Sun-OS-x#5-#1" TAIL },
        { { "", "1", "" }, "os/other" TAIL },
        { { "Linux", "6\r\nHost: x\xC3\xA4y", "" },
          "os/linux#6--Host--x-y" TAIL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        machine = rows[i].m;
        CHECK_INT(open_agent(NULL, NULL), 0);
        CHECK_STR(hc_str_from(hc_user_agent_get(&agent, 0),
                              strlen("headcount/1.2.3 ua/2.1 ")),
                  rows[i].want);
        hc_user_agent_fini(&agent);
    }
}

TEST(user_agent, without_a_word_of_the_system_it_is_another)
{
    const struct hc_user_agent_config config = { .version = "1" };

    sys = (struct hc_system){ .alloc = *t_alloc() };
    CHECK_INT(hc_user_agent_init(&agent, &sys, &config), 0);
    says(0, "headcount/1 ua/2.1 os/other" TAIL);
    hc_user_agent_fini(&agent);
}

TEST(user_agent, keeps_no_byte_that_could_end_a_header)
{
    char text[2] = "";
    machine = (struct hc_machine){ "Linux", "6", "" };

    for (int c = 1; c < 256; c++) {
        text[0] = (char)c;
        CHECK_INT(open_agent(text, text), 0);

        struct hc_str said = hc_user_agent_get(&agent, 0);

        for (size_t i = 0; i < said.n; i++)
            CHECK(said.p[i] >= ' ' && said.p[i] <= '~');
        CHECK_INT(strchr("!$%&'*+-.^_`|~,#", c) != NULL ||
                      (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                      (c >= 'a' && c <= 'z'),
                  said.p[said.n - 1] == c);
        hc_user_agent_fini(&agent);
    }
}

TEST(user_agent, names_each_feature_by_the_id_that_aws_gave_it)
{
    static const char *const ids[] = {
        "N", "e", "g", "h", "i", "k", "n", "o", "p", "q", "r", "s", "t", "u",
        "v", "w", "z", "0", "AC", "AD"
    };
    char want[200];

    machine = (struct hc_machine){ "Linux", "6", "" };
    CHECK_INT(open_agent(NULL, NULL), 0);
    CHECK_INT(sizeof(ids) / sizeof(*ids), HC_FEATURE_COUNT);
    for (size_t i = 0; i < HC_FEATURE_COUNT; i++) {
        hc_fmt(want, sizeof want, "headcount/1.2.3 ua/2.1 os/linux#6 lang/c#11 "
               "m/E,%s cfg/retry-mode#standard", ids[i]);
        says((uint32_t)1 << i, want);
    }
    says(HC_FEATURE_ENV | HC_FEATURE_ROLE | HC_FEATURE_LOGIN,
         "headcount/1.2.3 ua/2.1 os/linux#6 lang/c#11 m/E,g,i,AD "
         "cfg/retry-mode#standard");
    hc_user_agent_fini(&agent);
}

TEST(user_agent, makes_a_text_once_and_keeps_it)
{
    machine = (struct hc_machine){ "Linux", "6", "" };
    CHECK_INT(open_agent(NULL, NULL), 0);
    const char *env = hc_user_agent_get(&agent, HC_FEATURE_ENV).p;
    const char *role = hc_user_agent_get(&agent, HC_FEATURE_ROLE).p;

    CHECK(env != role);
    for (int i = 0; i < 3; i++) {
        CHECK(hc_user_agent_get(&agent, HC_FEATURE_ENV).p == env);
        CHECK(hc_user_agent_get(&agent, HC_FEATURE_ROLE).p == role);
    }
    CHECK_INT(agent.n, 3);
    /* and no more of them than a client can have */
    for (uint32_t i = 0; i < 2 * HC_USER_AGENTS; i++)
        hc_user_agent_get(&agent, i << 3);
    CHECK_INT(agent.n, HC_USER_AGENTS);
    CHECK(hc_user_agent_get(&agent, 1 << 19).p == agent.plain.p);
    CHECK(hc_user_agent_get(&agent, HC_FEATURE_ENV).p == env);
    hc_user_agent_fini(&agent);
}

static int open_once(void)
{
    int err = open_agent("a", "b");

    if (err == 0 && hc_user_agent_get(&agent, HC_FEATURE_ENV).n == 0)
        err = HEADCOUNT_ENOMEM;
    hc_user_agent_fini(&agent);
    return err;
}

TEST(user_agent, memory_may_end_anywhere)
{
    machine = (struct hc_machine){ "Linux", "6", "" };
    t_fails_every_allocation(open_once);
}
