/* tests/fuzz/cli_messages_fuzz.c - what SQS answers to a receive: a message
 * that is an event waits in the inbox, another is left to the queue, and none
 * is both; and what headcount tells Lambda's Runtime API of an error is JSON
 * whatever the error says.
 *
 * The input is the answer's body; it is the error's text too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "complain.h"
#include "lambda/runtime_api.h"
#include "watch/inbox.h"
#include "watch/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Instead of the program's: nothing is told. */
void complain(const char *fmt, ...)
{
    must(fmt != NULL);
}

void warn(const char *fmt, ...)
{
    must(fmt != NULL);
}

const char *complaint(void)
{
    return "";
}

static void receive(const char *body, size_t n)
{
    struct metrics metrics;
    const struct inbox_config config = {
        .visibility = 30000000, .at_once = 4, .messages_max = 100,
        .bytes_max = 1 << 20, .claims_max = 100
    };
    struct queue q = { .metrics = &metrics, .inbox = inbox_new(&config) };
    struct headcount_outcome outcome;

    memset(&metrics, 0, sizeof metrics);
    memset(&outcome, 0, sizeof outcome);
    outcome.body = body;
    outcome.body_size = n;
    must(q.inbox != NULL);
    size_t messages = queue_take_messages(&q, &outcome, 1000);

    must(messages <= n);
    must(metrics.received <= messages && metrics.poison <= metrics.received);
    must(q.poison_n <= metrics.poison);
    inbox_free(q.inbox);
}

static void report(const char *text)
{
    const struct runtime_error error = { "Headcount.Test", text, text };
    struct hc_json_doc d;
    size_t n = 0;
    char *json = runtime_error_json(&error, &n);

    must(json != NULL);
    must(hc_json_doc_init(&d, &hc_alloc_libc, hc_str_n(json, n), 1 << 20,
                          NULL) == 0);
    must(hc_json_is(&d, hc_json_find(&d, 0, "errorType"), "Headcount.Test"));
    must(hc_json_kind(&d, hc_json_find(&d, 0, "errorMessage")) ==
         KIND_STRING);
    hc_json_doc_fini(&d);
    free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);

    must(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    receive(copy, size);
    report(copy);
    free(copy);
    return 0;
}
