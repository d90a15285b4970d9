/* tests/cli/page/plan_page_test.c - what a plan's page says of services, hosts
 * and calls, whatever their names are. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/plan_page.h"

static char *bytes;
static size_t bytes_n;

static FILE *open_page(void)
{
    FILE *out = open_memstream(&bytes, &bytes_n);

    CHECK(out != NULL);
    return out;
}

/* The cells of a row of services: `row` is "cluster|service|class|outcome|
 * before|after|hosts|why". */
static void check_row(const char *row)
{
    static const char *const heads[] = { "service", "outcome", "before",
                                         "after", "hosts", "why" };
    static const char *const classes[] = { " class=\"t\"", "?",
                                           " class=\"n\"", " class=\"n\"", "",
                                           " class=\"t\"" };
    char copy[512], want[2048], class[32];
    size_t n;

    snprintf(copy, sizeof copy, "%s", row);
    char *at = copy, *end = strchr(at, '|');
    CHECK(end != NULL);
    *end = '\0';
    n = (size_t)snprintf(want, sizeof want, "<tr>\n<th scope=\"row\" "
                         "class=\"t\">%s</th>\n", at);
    for (size_t i = 0; i < 6; i++) {
        at = end + 1;
        if (i == 1) {
            end = strchr(at, '|');
            snprintf(class, sizeof class, " class=\"%.*s\"",
                     (int)(end - at), at);
            at = end + 1;
        }
        end = i < 5 ? strchr(at, '|') : at + strlen(at);
        *end = '\0';
        n += (size_t)snprintf(want + n, sizeof want - n,
                              "<td data-h=\"%s\"%s>%s</td>\n", heads[i],
                              i == 1 ? class : classes[i], at);
    }
    snprintf(want + n, sizeof want - n, "</tr>\n");
    CHECK_STR(hc_str_n(bytes, bytes_n), want);
}

static struct headcount_service service(const char *name,
                                        enum headcount_result outcome,
                                        int64_t before, int64_t wanted)
{
    return (struct headcount_service){
        .service = name, .outcome = outcome, .code = "", .reason = "a reason",
        .desired_before = before, .wanted = wanted, .running = before,
        .hosts_counted = 3, .hosts_by = "active", .hosts_filter = "",
        .rule = "per_host", .at = "",
    };
}

/* Its row, alone in a cluster. */
static void check_service(const struct headcount_service *s, const char *row)
{
    const struct headcount_cluster cluster = {
        .arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
        .name = "prod", .services = s, .services_n = 1,
    };
    const struct headcount_outcome o = { .clusters = &cluster,
                                         .clusters_n = 1 };
    FILE *out = open_page();

    plan_page_rows(out, &o, false);
    fclose(out);
    check_row(row);
    free(bytes);
}

TEST(plan_page, a_row_of_each_outcome)
{
    struct headcount_service s = service("web", HEADCOUNT_PENDING, 1, 3);

    check_service(&s, "prod|web|warn|pending|1|3|3 active|a reason");
    s = service("web", HEADCOUNT_UPDATED, 1, 3);
    check_service(&s, "prod|web|good|updated|1|3|3 active|a reason");
    s = service("web", HEADCOUNT_UNCHANGED, 3, 3);
    s.hosts_filter = "attribute:a == <b>";
    check_service(&s, "prod|web|dim|unchanged|3|3|3 active, attribute:a == "
                  "&lt;b&gt;|a reason");
    s = service("web", HEADCOUNT_FAILED, 1, 3);
    s.code = "ENET";
    check_service(&s, "prod|web|bad|failed|1||3 active|ENET: a reason");
    s = service("web", HEADCOUNT_SKIPPED, HEADCOUNT_UNKNOWN, HEADCOUNT_UNKNOWN);
    s.hosts_counted = HEADCOUNT_UNKNOWN;
    s.code = "missing";
    check_service(&s, "prod|web|dim|skipped||||missing: a reason");
}

TEST(plan_page, a_hold_has_its_reason_and_the_way_out)
{
    struct headcount_service s = service("web", HEADCOUNT_HELD, 4, 0);

    s.code = "zero";
    s.switch_text = "request.allow zero";
    check_service(&s, "prod|web|warn|held|4|4, not 0|3 active|zero: a reason; "
                  "to let it pass: --allow zero --service web");
    s.switch_text = NULL;
    s.wanted = HEADCOUNT_UNKNOWN;
    check_service(&s, "prod|web|warn|held|4|4|3 active|zero: a reason");
}

TEST(plan_page, names_are_escaped)
{
    struct headcount_service s =
        service("</td><script>x('\"&\")</script>\x1b[31m", HEADCOUNT_UNCHANGED,
                1, 1);

    s.reason = "<!-- \xff config.ca_bundle";
    check_service(&s, "prod|&lt;/td&gt;&lt;script&gt;x(&#39;&quot;&amp;&quot;)"
                  "&lt;/script&gt;\xef\xbf\xbd[31m|dim|unchanged|1|1|3 active|"
                  "&lt;!-- ? --ca-bundle");
}

TEST(plan_page, a_cluster_that_failed_or_that_is_gone_has_a_row)
{
    struct headcount_cluster c = {
        .arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/<p>", .name = "<p>",
        .error_code = "ENET", .error = "no answer <5 s",
    };
    const struct headcount_outcome o = { .clusters = &c, .clusters_n = 1 };
    FILE *out = open_page();

    plan_page_rows(out, &o, true);
    fclose(out);
    check_row("&lt;p&gt; (eu-west-1, 123456789012)||bad|failed||||"
              "ENET: no answer &lt;5 s");
    free(bytes);
    c = (struct headcount_cluster){ .arn = "", .name = "old",
                                    .skipped = "cluster_gone" };
    out = open_page();
    plan_page_rows(out, &o, true);
    fclose(out);
    check_row("old||dim|skipped||||cluster_gone");
    free(bytes);
}

static void check_has(const char *text)
{
    CHECK(strstr(bytes, text) != NULL);
}

TEST(plan_page, the_head_has_the_sum_and_the_limit)
{
    const struct headcount_outcome o = {
        .summary = { [HEADCOUNT_PENDING] = 2, [HEADCOUNT_HELD] = 1 },
    };
    FILE *out = open_page();

    plan_page_begin(out, "headcount plan", &o, true, 1);
    fclose(out);
    check_has("<h1>headcount plan</h1>\n<p class=\"dim\">2");
    check_has("Z</p>\n<p>Plan: 2 to change, 1 held, 0 unchanged, 0 failed.\n"
              "<p>Limit: 2 services would be written, 1 would wait for another "
              "run (--allow too_many_changes lifts it for one).\n<table>\n"
              "<caption>Services</caption>\n");
    free(bytes);
    out = open_page();
    plan_page_begin(out, "headcount plan", &o, true, 0);
    fclose(out);
    check_has("0 failed.\n<table>\n");
    free(bytes);
}

TEST(plan_page, services_that_no_cluster_has_come_last)
{
    const char *const names[] = { "w<b" };
    const struct headcount_outcome o = { .missing_services = names,
                                         .missing_services_n = 1 };
    FILE *out = open_page();

    plan_page_end(out, &o, NULL);
    fclose(out);
    check_has("<th scope=\"row\" class=\"t\">(no cluster)</th>\n"
              "<td data-h=\"service\" class=\"t\">w&lt;b</td>\n"
              "<td data-h=\"outcome\" class=\"bad\">failed</td>\n");
    check_has("missing: no cluster has it</td>\n</tr>\n</tbody>\n</table>\n");
    free(bytes);
}

TEST(plan_page, hosts_of_an_explanation)
{
    const struct headcount_placed_host hosts[] = {
        { .id = "h1", .ec2_id = "i-<1>", .answer = "passed_over", .code = "",
          .reason = "a & b" },
        { .id = "h2", .ec2_id = "", .answer = "can", .code = "",
          .reason = "" },
    };
    const struct headcount_placement placement = {
        .hosts = hosts, .hosts_n = 2, .said = "(service web) <was>",
        .summary = "3 wanted, 2 placeable", .scaled_by = "",
    };
    struct headcount_service s = service("web", HEADCOUNT_PENDING, 1, 3);
    const struct headcount_cluster cluster = { .services = &s,
                                               .services_n = 1 };
    const struct headcount_outcome o = { .clusters = &cluster,
                                         .clusters_n = 1 };
    FILE *out = open_page();

    plan_page_end(out, &o, NULL);
    fclose(out);
    CHECK(strstr(bytes, "Hosts") == NULL);
    free(bytes);
    s.placement = &placement;
    out = open_page();
    plan_page_end(out, &o, NULL);
    fclose(out);
    check_has("<p>3 wanted, 2 placeable</p>\n"
              "<p>(service web) &lt;was&gt;</p>\n<table>\n"
              "<caption>Hosts</caption>\n");
    check_has("<tr>\n<th scope=\"row\" class=\"t\">i-&lt;1&gt;</th>\n"
              "<td data-h=\"answer\">passed over</td>\n"
              "<td data-h=\"why\" class=\"t\">a &amp; b</td>\n</tr>\n"
              "<tr>\n<th scope=\"row\" class=\"t\">h2</th>\n"
              "<td data-h=\"answer\">can</td>\n");
    free(bytes);
}

TEST(plan_page, calls_and_their_times)
{
    const struct headcount_timing timings[] = {
        { .operation = "List<Clusters>", .status = 200, .attempt = 1,
          .cluster = "", .region = "eu-<1>", .asked = 1000, .waited = 120,
          .start = 1000, .dns_start = 1000, .dns_end = 1250,
          .connect_start = 1250, .connect_end = 2250, .tls_start = 2250,
          .tls_end = 5250, .send_start = 5250, .send_end = 5260,
          .first_byte = 9000, .end = 9260 },
        { .operation = "UpdateService", .status = 0, .attempt = 2,
          .cluster = "a&b", .region = "", .reused = true, .start = 10000,
          .send_start = 10000,
          .send_end = 10020, .end = 40000 },
    };
    const struct headcount_outcome o = {
        .timings = timings, .timings_n = 2,
        .stats = { .api_calls = 2, .elapsed_us = 40000 },
    };
    FILE *out = open_page();

    plan_page_end(out, &o, NULL);
    fclose(out);
    check_has("<p>2 calls, 0 connections, 0 reused, 0 lookups, 0 handshakes, "
              "40.00 ms\n<table>\n<caption>Calls, in milliseconds</caption>\n");
    check_has("<th scope=\"row\">List&lt;Clusters&gt;</th>\n"
              "<td data-h=\"cluster\" class=\"t\"></td>\n"
              "<td data-h=\"region\" class=\"r\">eu-&lt;1&gt;</td>\n"
              "<td data-h=\"status\">200</td>\n"
              "<td data-h=\"waited\" class=\"n\">0.12</td>\n"
              "<td data-h=\"DNS\" class=\"n\">0.25</td>\n"
              "<td data-h=\"connect\" class=\"n\">1.00</td>\n"
              "<td data-h=\"TLS\" class=\"n\">3.00</td>\n"
              "<td data-h=\"send\" class=\"n\">0.01</td>\n"
              "<td data-h=\"answer\" class=\"n\">4.00</td>\n"
              "<td data-h=\"all\" class=\"n\">8.26</td>\n</tr>\n");
    check_has("<th scope=\"row\">UpdateService, attempt 2</th>\n"
              "<td data-h=\"cluster\" class=\"t\">a&amp;b</td>\n"
              "<td data-h=\"region\" class=\"r\"></td>\n"
              "<td data-h=\"status\">0, kept connection</td>\n"
              "<td data-h=\"waited\" class=\"n\">0.00</td>\n"
              "<td data-h=\"DNS\" class=\"n\"></td>\n");
    check_has("</table>\n</main>\n</body>\n</html>\n");
    free(bytes);
}

TEST(plan_page, who_set_the_count)
{
    const struct headcount_outcome o = { .stats = { 0 } };
    FILE *out = open_page();

    plan_page_end(out, &o, "set by <a> to 3\n");
    fclose(out);
    check_has("<p>set by &lt;a&gt; to 3 </p>\n");
    free(bytes);
}
