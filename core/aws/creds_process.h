/* aws/creds_process.h - credentials that a program prints: credential_process
 * of a profile.
 *
 * The command is split into words as POSIX quotes them, and started without a
 * shell: what only a shell would understand is an error, never another meaning.
 * The program prints one JSON object:
 *
 *     { "Version": 1, "AccessKeyId": "...", "SecretAccessKey": "...",
 *       "SessionToken": "...", "Expiration": "2030-01-31T12:00:00Z" }
 *
 * The last two may be missing.  A set without Expiration does not expire.
 */
#ifndef HC_AWS_CREDS_PROCESS_H
#define HC_AWS_CREDS_PROCESS_H

#include "aws/creds.h"
#include "base/arena.h"
#include "net/net.h"
#include "net/proc.h"

#define HC_CREDS_PROCESS_WORDS 256       /* of one command                   */

/* `net` outlives the provider; the texts are copied. */
struct hc_creds_process_config {
    struct hc_net *net;
    struct hc_str command;               /* credential_process; its lines may
                                            end with LF                      */
    struct hc_str profile;               /* for errors                       */
};

struct hc_creds_process {                /* must not move                    */
    struct hc_net *net;
    struct hc_buf command;               /* secret: its words may be         */
    struct hc_str profile;
    struct hc_arena texts;               /* the profile's name               */
    struct hc_proc proc;                 /* under way, or all zero           */
    bool runs;
};

void hc_creds_process_init(struct hc_creds_process *c,
                           const struct hc_creds_process_config *config);
void hc_creds_process_fini(struct hc_creds_process *c);  /* c may be zero */
struct hc_creds_provider hc_creds_process(struct hc_creds_process *c);

/* The words of a command, each with a NUL behind it, put into `text`, and
 * where they begin in words[].  Returns how many there are.
 * HEADCOUNT_ECONFIG (and *wrong says why, without a byte of the command), or
 * HEADCOUNT_ENOMEM. */
int hc_creds_process_words(struct hc_str command, struct hc_buf *text,
                           size_t words[HC_CREDS_PROCESS_WORDS],
                           const char **wrong);

#endif
