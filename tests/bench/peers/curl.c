/* bench/peers/curl.c - the bench's call by libcurl with CURLOPT_AWS_SIGV4: one
 * call, then CALLS on the same handle.
 *
 *   curl CALLS [json]
 *
 * The answer is searched once for the count; with `json` it is parsed by
 * jansson.  Prints "CPU WALL", microseconds a call, and what the answer says.
 * Everything else comes from the environment.
 */
#include <stdbool.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "bench.h"

struct answer { char text[65536]; size_t n; };

static size_t take(char *p, size_t size, size_t n, void *ud)
{
    struct answer *a = ud;

    n *= size;
    if (n >= sizeof a->text - a->n)
        return 0;
    memcpy(a->text + a->n, p, n);
    a->n += n;
    a->text[a->n] = '\0';
    return n;
}

static const char *setting(const char *name)
{
    const char *text = getenv(name);

    if (text == NULL)
        bench_fail(name);
    return text;
}

static CURL *open_handle(struct answer *a)
{
    static char keys[256], token[512];
    CURL *c = curl_easy_init();
    struct curl_slist *l = NULL;

    if (c == NULL)
        bench_fail("curl_easy_init");
    snprintf(keys, sizeof keys, "%s:%s", setting("AWS_ACCESS_KEY_ID"),
             setting("AWS_SECRET_ACCESS_KEY"));
    snprintf(token, sizeof token, "X-Amz-Security-Token: %s",
             setting("AWS_SESSION_TOKEN"));
    l = curl_slist_append(l, "Content-Type: application/x-amz-json-1.1");
    l = curl_slist_append(l, "X-Amz-Target: " BENCH_TARGET);
    l = curl_slist_append(l, token);
    curl_easy_setopt(c, CURLOPT_URL, setting("AWS_ENDPOINT_URL"));
    curl_easy_setopt(c, CURLOPT_CAINFO, setting("AWS_CA_BUNDLE"));
    curl_easy_setopt(c, CURLOPT_AWS_SIGV4, "aws:amz:" BENCH_REGION ":ecs");
    curl_easy_setopt(c, CURLOPT_USERPWD, keys);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, l);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, BENCH_BODY);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
    return c;
}

static void read_json(const struct answer *a, struct bench_web *web)
{
    json_error_t why;
    json_t *top = json_loadb(a->text, a->n, 0, &why);
    json_t *first = json_array_get(json_object_get(top, "services"), 0);

    if (first == NULL)
        bench_fail("the answer has no service");
    snprintf(web->name, sizeof web->name, "%s",
             json_string_value(json_object_get(first, "serviceName")));
    web->desired = json_integer_value(json_object_get(first, "desiredCount"));
    json_decref(top);
}

static void call(CURL *c, struct answer *a, bool json, struct bench_web *web)
{
    long status = 0;

    a->n = 0;
    if (curl_easy_perform(c) != CURLE_OK)
        bench_fail("curl_easy_perform");
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        bench_fail("not 200");
    if (json)
        read_json(a, web);
    else
        bench_search(a->text, a->n, web);
}

int main(int argc, char **argv)
{
    static struct answer a;
    struct bench_web web;

    if (argc < 2)
        bench_fail("curl CALLS [json]");
    CURL *c = open_handle(&a);
    long calls = strtol(argv[1], NULL, 10);
    bool json = argc > 2;

    call(c, &a, json, &web);
    struct bench_time begun = bench_now();

    for (long i = 0; i < calls; i++)
        call(c, &a, json, &web);
    bench_tell(begun, calls);
    bench_tell_web(&web);
    curl_easy_cleanup(c);
    return 0;
}
