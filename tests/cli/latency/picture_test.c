/* tests/cli/latency/picture_test.c - the bytes of a small picture. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latency/picture.h"

static struct latency_call calls[2][3];
static int64_t sorted[2][2];
static char *bytes;
static size_t bytes_n;

static struct latency small(void)
{
    struct latency l = {
        .service = "ecs", .operation = "ListClusters", .calls = 2, .rate = 1,
        .series_n = 1, .series = {
            { .name = "keep-alive", .calls = calls[0], .sorted = sorted[0],
              .n = 1 },
            { .name = "closed", .calls = calls[1], .sorted = sorted[1] },
        },
    };

    memset(calls, 0, sizeof calls);
    calls[0][1] = (struct latency_call){ .at = 2000000, .us = 4000,
                                         .phase = { [LATENCY_WAIT] = 3000,
                                                    [LATENCY_OTHER] = 1000 } };
    sorted[0][0] = 4000;
    return l;
}

static const char *draw(const struct latency *l,
                        void (*how)(FILE *, const struct latency *))
{
    FILE *out = open_memstream(&bytes, &bytes_n);

    CHECK(out != NULL);
    how(out, l);
    fclose(out);
    return bytes;
}

static void check_has(const char *part)
{
    if (strstr(bytes, part) == NULL)
        fail_msg("no \"%s\" in\n%s", part, bytes);
}

TEST(picture, a_call_is_a_mark_with_its_phases)
{
    const struct latency l = small();

    draw(&l, picture_panels);
    /* 4.001 ms on a scale of 5 steps of 1 ms, 2.000001 s on one to 2.5. */
    check_has("<g class=\"d s0\" role=\"img\" tabindex=\"0\" "
              "aria-label=\"keep-alive 1: 4.00 ms at 2.0 s, dns 0.00, "
              "connect 0.00, tls 0.00, send 0.00, wait 3.00, receive 0.00, "
              "other 1.00\"><use href=\"#m0\" x=\"3780\" y=\"1264\"/>"
              "<g class=\"tip\"><use href=\"#b\"/><text>"
              "<tspan x=\"540\" y=\"1.1em\">keep-alive 1: 4.00 ms at 2.0 s"
              "</tspan><tspan x=\"540\" dy=\"1.2em\">dns 0.00, connect 0.00, "
              "tls 0.00</tspan><tspan x=\"540\" dy=\"1.2em\">send 0.00, wait "
              "3.00, receive 0.00, other 1.00</tspan></text></g></g>\n");
    check_has("<text class=\"e\" x=\"460\" y=\"2960\" dy=\".35em\">0</text>\n");
    check_has("<text class=\"e\" x=\"460\" y=\"840\" dy=\".35em\">5</text>\n");
    check_has("<text class=\"m\" x=\"4600\" y=\"3110\" dy=\".35em\">2.5<");
    check_has("<path class=\"s0\" d=\"M500 1062h1640v192H500z\"/>\n");
    check_has("calls, the longest bar: 1</text>");
    CHECK(strstr(bytes, "failed") == NULL);
    free(bytes);
}

TEST(picture, a_failed_call_is_a_cross_inside_the_picture)
{
    struct latency l = small();

    l.series[0].calls[1].us = 30000000;
    snprintf(l.series[0].calls[1].error, sizeof l.series[0].calls[1].error,
             "A\"><script>");
    l.series[0].failed = 1;
    draw(&l, picture_panels);
    check_has("failed: A&quot;&gt;&lt;script&gt;, dns");
    check_has("<use href=\"#m4\" x=\"3780\" y=\"840\"/>");
    check_has(">failed</text>");
    check_has("the longest bar: 0<");
    CHECK(strstr(bytes, "<script") == NULL);
    free(bytes);
}

TEST(picture, without_calls_there_are_axes)
{
    struct latency l = small();

    l.series[0].n = 0;
    l.series_n = 2;
    draw(&l, picture_panels);
    check_has("seconds of the run");
    check_has(">closed</text>");
    CHECK(strstr(bytes, "tabindex") == NULL);
    free(bytes);
}

TEST(picture, a_file_is_whole)
{
    const struct latency l = small();

    draw(&l, picture_file);
    const char *head = "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                       "width=\"900\" height=\"425\" "
                       "viewBox=\"0 0 7200 3400\">\n<style>\n:root{";

    CHECK(strncmp(bytes, head, strlen(head)) == 0);
    check_has("prefers-color-scheme:dark");
    /* A small picture is no narrow page: its parts stay side by side. */
    check_has("@media(max-width:45rem){.f{display:block}.f .w{font-size:160px}}"
              "\n");
    check_has("<svg class=\"w\" x=\"0\" width=\"4800\" height=\"3400\" "
              "viewBox=\"0 0 4800 3400\" role=\"group\" "
              "aria-label=\"Calls\">\n");
    check_has("<svg class=\"h\" x=\"4800\"");
    CHECK(strcmp(bytes + bytes_n - 14, "</svg>\n</svg>\n") == 0);
    free(bytes);
}
