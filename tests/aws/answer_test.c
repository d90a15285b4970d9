/* tests/aws/answer_test.c - errors of the AWS protocols, and the service's
 * clock. */
#include "t.h"

#include <string.h>

#include "aws/answer.h"
#include "base/text.h"

static struct hc_service_error out;

static int get(int status, const char *type, const char *query,
               const char *body)
{
    struct hc_answer_parts parts = {
        .status = status, .type = hc_str(type), .query_error = hc_str(query),
        .request_id = HC_STR("id-1"),
        .body = hc_str_n(t_guard(body, strlen(body)), strlen(body))
    };

    return hc_service_error_get(&out, t_alloc(), &parts);
}

static const struct {
    int status;
    const char *type, *query, *body, *code, *message;
    bool named;
} rows[] = {
    { 400, NULL, NULL, "{\"__type\":\"ClusterNotFoundException\","
      "\"message\":\"Cluster not found.\"}", "ClusterNotFoundException",
      "Cluster not found.", true },
    { 400, NULL, NULL, "{\"__type\":\"com.amazonaws.ecs.v2014#"
      "AccessDeniedException:http://x/\",\"Message\":\"no\"}",
      "AccessDeniedException", "no", true },
    { 400, NULL, NULL, "{\"code\":\"Code\",\"errorMessage\":\"m\"}", "Code",
      "m", true },
    { 400, NULL, NULL, "{\"__type\":\"A\",\"code\":\"B\"}", "A", "", true },
    { 400, NULL, NULL, "{\"__type\":7,\"code\":\"B\"}", "B", "", true },
    { 400, NULL, NULL, "{\"message\":null,\"Message\":\"m\","
      "\"__type\":\"A\"}", "A", "m", true },
    /* header before body */
    { 400, "ns#Head:http://internal/", NULL, "{\"__type\":\"Body\","
      "\"message\":\"m\"}", "Head", "m", true },
    /* query error before all */
    { 400, "Head", "AWS.SimpleQueueService.NonExistentQueue;Sender",
      "{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}",
      "AWS.SimpleQueueService.NonExistentQueue", "", true },
    { 400, NULL, " Code ;Sender", "{}", "Code", "", true },
    { 400, "", ";Sender", "{\"__type\":\"Body\"}", "Body", "", true },
    /* nobody of the service speaks */
    { 503, NULL, NULL, "<html>busy</html>", "503",
      "Service Unavailable: busy", false },
    { 502, NULL, NULL, "", "502", "Bad Gateway", false },
    { 500, NULL, NULL, "{}", "500", "Internal Server Error", false },
    { 400, NULL, NULL, "[\"__type\"]", "400", "Bad Request", false },
    { 400, NULL, NULL, "{\"__type\":\"A\"", "400", "Bad Request", false },
    { 403, NULL, NULL, "{\"message\":\"Missing Authentication Token\"}",
      "403", "Missing Authentication Token", false },
    { 599, NULL, NULL, "", "599", "unknown status", false },
    { 502, NULL, NULL, "no healthy upstream\n", "502", "no healthy upstream",
      false },
    { 403, NULL, NULL, " \r\n Forbidden\nby the proxy", "403", "by the proxy",
      false },
    { 403, NULL, NULL, "\xEF\xBB\xBF{\"message\":\"m\"}", "403",
      "Forbidden: m", false },
    { 400, "Head", NULL, "in words", "Head", "in words", true },
    { 400, NULL, NULL, "no. Authorization: AWS4 hush", "400",
      "Bad Request: no.", false },
    /* a status is said once */
    { 503, NULL, NULL, "{\"message\":\"503 Service Unavailable\"}", "503",
      "Service Unavailable", false },
    { 503, NULL, NULL, "{\"message\":\"Error 503: busy\"}", "503",
      "Service Unavailable: busy", false },
    { 503, NULL, NULL, "{\"code\":\"503\",\"message\":\"busy\"}", "503",
      "Service Unavailable: busy", false },
    /* in any case */
    { 400, NULL, NULL, "{\"Code\":\"A\",\"MESSAGE\":\"m\"}", "A", "m", true },
    { 400, NULL, NULL, "{\"CODE\":\"A\",\"ErrorMessage\":\"m\"}", "A", "m",
      true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"httpErrorCode\":400}", "A", "",
      true },
    /* forms that are none of AWS's */
    { 400, NULL, NULL, "{\"error\":\"invalid_grant\","
      "\"error_description\":\"It is used up.\"}", "400",
      "invalid_grant: It is used up.", false },
    { 400, NULL, NULL, "{\"error\":\"no such host\"}", "400", "no such host",
      false },
    { 400, NULL, NULL, "{\"error\":{\"code\":\"a\",\"message\":\"b\"}}",
      "400", "a: b", false },
    { 401, NULL, NULL, "{\"errors\":[{\"code\":\"DENIED\",\"detail\":\"d\"},"
      "{\"code\":\"other\"}]}", "401", "DENIED: d", false },
    { 401, NULL, NULL, "{\"errors\":[\"one\",\"two\"]}", "401",
      "Unauthorized: one", false },
    { 401, NULL, NULL, "{\"errors\":[]}", "401", "Unauthorized", false },
    { 401, NULL, NULL, "{\"errors\":7,\"detail\":\"d\"}", "401",
      "Unauthorized: d", false },
    { 401, NULL, NULL, "{\"error\":[{\"error\":\"x\"}]}", "401",
      "Unauthorized", false },
    /* XML, whatever the service speaks */
    { 403, NULL, NULL, "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type>"
      "<Code>AccessDenied</Code><Message>not &lt;you&gt;</Message></Error>"
      "<RequestId>r</RequestId></ErrorResponse>", "AccessDenied", "not <you>",
      true },
    { 404, NULL, NULL, "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code>"
      "<Message>m</Message><HostId>h</HostId></Error>", "NoSuchKey", "m",
      true },
    { 404, NULL, NULL, "<UnknownOperationException/>\n",
      "UnknownOperationException", "", true },
    { 400, NULL, NULL, "<?xml version=\"1.0\"?><SomeException xmlns=\"x\">"
      "<message>m</message></SomeException>", "SomeException", "m", true },
    { 400, NULL, NULL, "<Other><message>m</message></Other>", "400",
      "Bad Request: m", false },
    { 400, "Head", NULL, "<Error><Code>Body</Code></Error>", "Head", "", true },
    { 502, NULL, NULL, "<Code>AccessDenied", "502",
      "Bad Gateway: AccessDenied", false },
    { 502, NULL, NULL, "<", "502", "Bad Gateway", false },
    { 502, NULL, NULL, "<?", "502", "Bad Gateway", false },
    { 503, "ServerException", NULL, "<html>", "ServerException", "", true },
    /* what is said of a signature repeats the request, token and all */
    { 400, NULL, NULL, "{\"__type\":\"InvalidSignatureException\",\"message\":"
      "\"It does not match.\\n\\nThe Canonical String for this request should "
      "have been\\n'POST\\nx-amz-security-token:hush'\"}",
      "InvalidSignatureException", "It does not match.", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"no. "
      "X-Amz-Security-Token: hush\"}", "A", "no. ", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"no. "
      "AUTHORIZATION: AWS4 hush\"}", "A", "no. ", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"no. "
      "{\\\"authorization\\\" : hush\"}", "A", "no. {\"", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"no=in Authorization "
      "header: 'AWS4-HMAC-SHA256 hush'\"}", "A",
      "no=in Authorization header: '", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"Encoded authorization "
      "failure message: abc\"}", "A", "Encoded authorization failure message: "
      "abc", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"no authorization\"}", "A",
      "no authorization", true },
    { 400, NULL, NULL, "{\"code\":\"A\",\"message\":\"X-Amz-Security-Token: "
      "hush\"}", "A", "", true },
    /* control characters never reach a terminal */
    { 400, NULL, NULL, "{\"__type\":\"A\\u001b\",\"message\":\"a\\nb\"}",
      "A?", "a?b", true },
};

TEST(answer, code_and_message_from_wherever_they_stand)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(get(rows[i].status, rows[i].type, rows[i].query,
                      rows[i].body), 0);
        CHECK_INT(out.status, rows[i].status);
        CHECK_Z(out.code, rows[i].code);
        CHECK_Z(out.message, rows[i].message);
        CHECK_Z(out.request_id, "id-1");
        CHECK_INT(out.named, rows[i].named);
    }
}

TEST(answer, what_is_compressed_is_named)
{
    static const char *const packed[][3] = {
        { "gzip", "{}", "gzip" }, { " br ", "", "br" },
        { "", "\x1f\x8b\b", "gzip" }, { "identity", "\x1f\x8b", "gzip" },
        { "Identity", "{}", "" }, { "", "{}", "" }, { "", "\x1f", "" },
    };

    for (size_t i = 0; i < sizeof(packed) / sizeof(*packed); i++)
        CHECK_STR(hc_answer_coding(hc_str(packed[i][0]), hc_str(packed[i][1])),
                  packed[i][2]);
}

TEST(answer, a_query_service_repeats_no_token_either)
{
    static const char body[] =
        "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>It "
        "does not match.\n\nThe Canonical String for this request should have "
        "been\n'POST\nx-amz-security-token:hush'</Message></Error>"
        "</ErrorResponse>";
    const struct hc_answer_parts parts = {
        .status = 403, .body = hc_str(body)
    };

    CHECK_INT(hc_service_error_get(&out, t_alloc(), &parts), 0);
    CHECK_Z(out.code, "SignatureDoesNotMatch");
    CHECK_Z(out.message, "It does not match.");
}

TEST(answer, a_sentence_says_the_status_once)
{
    static const struct hc_service_error said[] = {
        { 400, "Code", "m", "id", true }, { 400, "Code", "", "", true },
        { 503, "503", "busy", "", false },
    };
    static const char *const want[] = {
        "Code: m (HTTP 400, request id id", "Code (HTTP 400, request id none",
        "HTTP 503: busy (request id none",
    };
    char text[HC_ANSWER_SENTENCE];

    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        hc_service_error_put(text, &said[i]);
        CHECK_Z(text, want[i]);
    }
}

TEST(answer, long_texts_are_cut_between_characters)
{
    static char body[2000];

    for (size_t lead = 0; lead < 2; lead++) {
        size_t n = hc_fmt(body, sizeof(body), "%s",
                          "{\"__type\":\"A\",\"message\":\"");

        memset(body + n, 'a', lead);
        n += lead;
        for (size_t i = 0; i < 300; i++, n += 2)
            memcpy(body + n, "\xC3\xA4", 2);
        memcpy(body + n, "\"}", 3);
        CHECK_INT(get(400, NULL, NULL, body), 0);
        CHECK_INT(strlen(out.message), lead == 0 ? 510 : 511);
        CHECK_INT((unsigned char)out.message[strlen(out.message) - 1], 0xA4);
    }
}

TEST(answer, a_body_that_is_too_long_or_too_rich_is_not_read)
{
    struct hc_buf body;

    hc_buf_init(&body, t_alloc(), HC_ERROR_BODY + 100);
    hc_buf_text(&body, "{\"__type\":\"A\"}");
    while (hc_buf_error(&body) == 0 && body.n < HC_ERROR_BODY)
        hc_buf_chr(&body, ' ');
    CHECK_INT(get(400, NULL, NULL, hc_buf_z(&body)), 0);
    CHECK_Z(out.code, "A");
    hc_buf_chr(&body, ' ');
    CHECK_INT(get(400, NULL, NULL, hc_buf_z(&body)), 0);
    CHECK_Z(out.code, "400");
    hc_buf_reset(&body);
    hc_buf_text(&body, "{\"__type\":\"A\",\"x\":[0");
    for (size_t i = 0; i < 5000; i++)
        hc_buf_text(&body, ",0");
    hc_buf_text(&body, "]}");
    CHECK_INT(get(400, NULL, NULL, hc_buf_z(&body)), 0);
    CHECK_Z(out.code, "400");
    hc_buf_fini(&body);
}

#define DATE "Thu, 01 Jan 2026 00:00:00 GMT"
#define WALL ((int64_t)1767225600 * HC_SECOND)

TEST(answer, the_clocks_differ_by_the_middle_of_the_exchange)
{
    static const struct {
        const char *date, *age;
        int64_t sent, received, skew;
        bool known;
    } clocks[] = {
        { DATE, NULL, WALL, WALL, 0, true },
        { DATE, NULL, WALL - 300 * HC_SECOND, WALL - 300 * HC_SECOND,
          300 * HC_SECOND, true },
        { DATE, NULL, WALL + 10 * HC_SECOND, WALL + 20 * HC_SECOND,
          -15 * HC_SECOND, true },
        { DATE, NULL, WALL, WALL + HC_SKEW_MAX_ELAPSED,
          -HC_SKEW_MAX_ELAPSED / 2, true },
        { DATE, NULL, WALL, WALL + HC_SKEW_MAX_ELAPSED + 1, 0, false },
        { DATE, NULL, WALL, WALL - 1, 0, false },
        { DATE, "0", WALL, WALL, 0, false },
        { NULL, NULL, WALL, WALL, 0, false },
        { "2026-01-01T00:00:00Z", NULL, WALL, WALL, 0, false },
    };

    for (size_t i = 0; i < sizeof(clocks) / sizeof(*clocks); i++) {
        struct hc_skew_ask ask = { hc_str(clocks[i].date),
                                   hc_str(clocks[i].age), clocks[i].sent,
                                   clocks[i].received };
        int64_t skew = 7;

        CHECK_INT(hc_skew_get(&ask, &skew), clocks[i].known);
        CHECK_INT(skew, clocks[i].known ? clocks[i].skew : 7);
    }
}

static int get_one(void)
{
    return get(400, NULL, NULL, rows[1].body);
}

TEST(answer, memory_may_end_anywhere)
{
    t_fails_every_allocation(get_one);
}

/* ---- a query service ---- */

static int get_xml(int status, const char *id, const char *body)
{
    const struct hc_answer_parts parts = {
        .status = status, .request_id = hc_str(id),
        .body = hc_str_n(t_guard(body, strlen(body)), strlen(body))
    };

    return hc_service_error_get(&out, t_alloc(), &parts);
}

#define DENIED "<ErrorResponse xmlns=\"u\"><Error><Type>Sender</Type>"       \
    "<Code>AccessDenied</Code><Message>User: a is not &lt;allowed&gt;"        \
    "</Message></Error><RequestId>in-body</RequestId></ErrorResponse>"

TEST(answer, of_a_query_service_is_xml)
{
    CHECK_INT(get_xml(403, "in-head", DENIED), 0);
    CHECK(out.named);
    CHECK_Z(out.code, "AccessDenied");
    CHECK_Z(out.message, "User: a is not <allowed>");
    CHECK_Z(out.request_id, "in-head");
    CHECK_INT(get_xml(403, "", DENIED), 0);
    CHECK_Z(out.request_id, "in-body");
}

TEST(answer, of_a_query_service_that_is_no_whole_xml_has_no_code)
{
    static const char *const bodies[][2] = {
        { "", "Service Unavailable" },
        { "<html><body>no</body></html>", "Service Unavailable: no" },
        { "<Error><Code>Code</Code>", "Service Unavailable: Code" },
        { "<Error><Type>Code</Type></Error>",
          "Service Unavailable: Code" },
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
        CHECK_INT(get_xml(503, "", bodies[i][0]), 0);
        CHECK(!out.named);
        CHECK_Z(out.code, "503");
        CHECK_Z(out.message, bodies[i][1]);
    }
}

static int get_xml_once(void)
{
    return get_xml(403, "", DENIED);
}

TEST(answer, memory_may_end_anywhere_in_xml)
{
    t_fails_every_allocation(get_xml_once);
}
