/* tests/cli/latency/report_test.c - a small run as text, page and JSON. */
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latency/report.h"

static struct latency_call calls[2][3];
static int64_t sorted[2][2];
static char *bytes;
static size_t bytes_n;
static FILE *out;

static struct latency small(void)
{
    struct latency l = {
        .service = "ecs", .operation = "ListClusters", .host = "a.test:443",
        .address = "192.0.2.1", .begun = 1764547200000000, .calls = 2,
        .rate = 0.5, .series_n = 2, .tls = true, .series = {
            { .name = "keep-alive", .about = "it stays open",
              .calls = calls[0], .sorted = sorted[0], .n = 2, .total = 10000,
              .phase = { [LATENCY_WAIT] = 7500, [LATENCY_OTHER] = 2500 },
              .stats = { .connections_opened = 1, .tls_handshakes = 1,
                         .dns_lookups = 2 } },
            { .name = "closed", .about = "it does not", .calls = calls[1],
              .sorted = sorted[1], .n = 1, .failed = 1,
              .why = "</script>\x1b[31m\"" },
        },
    };

    memset(calls, 0, sizeof calls);
    calls[0][0].us = 123456;
    calls[0][1] = (struct latency_call){ .at = 0, .us = 4000, .status = 200,
                                         .reused = true,
                                         .phase = { [LATENCY_WAIT] = 4000 } };
    calls[0][2] = (struct latency_call){ .at = 2000000, .us = 6000 };
    calls[1][1] = (struct latency_call){ .us = 1, .error = "E\"<\x01" };
    sorted[0][0] = 4000;
    sorted[0][1] = 6000;
    return l;
}

static void begin(void)
{
    out = open_memstream(&bytes, &bytes_n);
    CHECK(out != NULL);
}

static void check_has(const char *part)
{
    if (strstr(bytes, part) == NULL)
        fail_msg("no \"%s\" in\n%s", part, bytes);
}

TEST(report, text)
{
    const struct latency l = small();

    begin();
    report_put(out, &l, false);
    fclose(out);
    CHECK_Z(bytes,
"ecs ListClusters at a.test:443 (192.0.2.1): 2 calls of each series, 0.5 a "
"second, from 2025-12-01T00:00:00Z on.\n"
"No DNS server was asked for this host.\n"
"\n"
"Milliseconds of the calls that succeeded; spread is p99 - p50\n"
"series         calls  failed     min     p50     p90     p99     max  spread\n"
"keep-alive         2       0    4.00    4.00    6.00    6.00    6.00    2.00\n"
"closed             1       1       -       -       -       -       -       -\n"
"\n"
"What all calls cost, with the first one, which has no other number\n"
"series         first  connections  handshakes  resumed  lookups\n"
"keep-alive     123.5            1           1        0        2\n"
"closed          0.00            0           0        0        0\n"
"\n"
"Share of each phase in these milliseconds, in percent\n"
"series           dns  connect     tls    send    wait  receive   other\n"
"keep-alive       0.0      0.0     0.0     0.0    75.0      0.0    25.0\n"
"closed           0.0      0.0     0.0     0.0     0.0      0.0     0.0\n"
"\n"
"ms              keep-alive      closed         \n"
"     0 - 0.5                                   \n"
"   0.5 - 1                                     \n"
"     1 - 1.5                                   \n"
"   1.5 - 2                                     \n"
"     2 - 2.5                                   \n"
"   2.5 - 3                                     \n"
"     3 - 3.5                                   \n"
"   3.5 - 4                                     \n"
"     4 - 4.5    ########## 1                   \n"
"   4.5 - 5                                     \n"
"     5 - 5.5                                   \n"
"   5.5 - 6                                     \n"
"     6 - 6.5    ########## 1                   \n"
"   6.5 - 7                                     \n"
"\n"
"keep-alive: it stays open.\n"
"closed: it does not.\n"
"closed: the last failure: </script>?[31m\"\n");
    free(bytes);
}

TEST(report, json)
{
    const struct latency l = small();

    begin();
    report_json(out, &l);
    fclose(out);
    CHECK_Z(bytes,
"{\"format_version\":\"1.0\",\"begun\":\"2025-12-01T00:00:00.000Z\","
"\"calls\":2,\"rate\":0.5,\"interrupted\":false,\"service\":\"ecs\","
"\"operation\":\"ListClusters\",\"host\":\"a.test:443\","
"\"address\":\"192.0.2.1\",\"series\":[\n"
"{\"series\":\"keep-alive\",\"calls\":2,\"failed\":0,\"min\":4.00,\"p50\":4.00,"
"\"p90\":6.00,\"p99\":6.00,\"max\":6.00,\"spread\":2.00,\"first\":123.5,"
"\"connections\":1,\"handshakes\":1,\"resumed\":0,\"lookups\":2,\"dns\":0.0,"
"\"connect\":0.0,\"tls\":0.0,\"send\":0.0,\"wait\":75.0,\"receive\":0.0,"
"\"other\":25.0,\"last_failure\":\"\",\"samples\":[\n"
"{\"at_us\":0,\"us\":123456,\"dns\":0,\"connect\":0,\"tls\":0,\"send\":0,"
"\"wait\":0,\"receive\":0,\"other\":0,\"reused\":false,\"resumed\":false,"
"\"status\":0,\"error\":\"\"},\n"
"{\"at_us\":0,\"us\":4000,\"dns\":0,\"connect\":0,\"tls\":0,\"send\":0,"
"\"wait\":4000,\"receive\":0,\"other\":0,\"reused\":true,\"resumed\":false,"
"\"status\":200,\"error\":\"\"},\n"
"{\"at_us\":2000000,\"us\":6000,\"dns\":0,\"connect\":0,\"tls\":0,\"send\":0,"
"\"wait\":0,\"receive\":0,\"other\":0,\"reused\":false,\"resumed\":false,"
"\"status\":0,\"error\":\"\"}]},\n"
"{\"series\":\"closed\",\"calls\":1,\"failed\":1,\"min\":null,\"p50\":null,"
"\"p90\":null,\"p99\":null,\"max\":null,\"spread\":null,\"first\":0.00,"
"\"connections\":0,\"handshakes\":0,\"resumed\":0,\"lookups\":0,\"dns\":0.0,"
"\"connect\":0.0,\"tls\":0.0,\"send\":0.0,\"wait\":0.0,\"receive\":0.0,"
"\"other\":0.0,\"last_failure\":\"</script>\\u001b[31m\\\"\",\"samples\":[\n"
"{\"at_us\":0,\"us\":0,\"dns\":0,\"connect\":0,\"tls\":0,\"send\":0,"
"\"wait\":0,\"receive\":0,\"other\":0,\"reused\":false,\"resumed\":false,"
"\"status\":0,\"error\":\"\"},\n"
"{\"at_us\":0,\"us\":1,\"dns\":0,\"connect\":0,\"tls\":0,\"send\":0,"
"\"wait\":0,\"receive\":0,\"other\":0,\"reused\":false,\"resumed\":false,"
"\"status\":0,\"error\":\"E\\\"<\\u0001\"}]}]}\n");
    free(bytes);
}

/* Whether this divides by zero depends on the compiler: UBSan sees it. */
TEST(report, no_call_succeeded)
{
    struct latency l = small();

    for (size_t i = 0; i < l.series_n; i++)
        l.series[i].failed = l.series[i].n;
    begin();
    report_put(out, &l, false);
    fclose(out);
    CHECK(strstr(bytes, "\nms ") == NULL && strchr(bytes, '#') == NULL);
    check_has("\n\nkeep-alive: it stays open.\n");
    free(bytes);
}

TEST(report, html)
{
    struct latency l = small();

    l.interrupted = true;
    l.operation = "</title>'\"<x>";
    begin();
    report_put(out, &l, true);
    fclose(out);
    check_has("<p>ecs &lt;/title&gt;&#39;&quot;&lt;x&gt; at a.test:443 (");
    check_has("<p class=\"warn\">The run was interrupted.</p>\n");
    check_has("<p class=\"bad\">closed: the last failure: &lt;/script&gt;"
              "\xef\xbf\xbd[31m&quot;</p>\n");
    check_has("<tr>\n<th scope=\"row\">keep-alive</th>\n"
              "<td data-h=\"calls\" class=\"n\">2</td>\n"
              "<td data-h=\"failed\" class=\"n\">0</td>\n"
              "<td data-h=\"min\" class=\"n\">4.00</td>\n");
    check_has("failed: E&quot;&lt;\xef\xbf\xbd, dns");
    CHECK(strstr(bytes, "<script") == NULL && strstr(bytes, "<x>") == NULL);
    CHECK(strstr(bytes, "http") == strstr(bytes, "http-equiv"));
    free(bytes);
}
