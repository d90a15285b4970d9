/* peers/creds_peer.h - aws_peer.h as the endpoint that credentials come from,
 * and one who asks for them.
 *
 * Used by: aws/creds_*_test.c.
 * Instead of moto: moto has no container endpoint, and no metadata service
 * that loses a connection or answers late.
 */
#ifndef PEERS_CREDS_PEER_H
#define PEERS_CREDS_PEER_H

#include "peers/aws_peer.h"

#define CREDS_PEER_ENV 16

struct creds_peer {
    struct aws_world aws;
    char text[CREDS_PEER_ENV][512];
    const char *env[CREDS_PEER_ENV + 1];
    struct hc_job job;
    struct hc_waiter link;
    struct hc_creds *from;
    struct hc_credentials out;
    struct headcount_error error;
    int got;                             /* of the last ask                  */
    bool ended;
};

/* A client whose environment is `env`, "%u" in it the peer's port, and
 * AWS_REGION unless it is there; no endpoint is given as an option.  0, or what
 * hc_config_init and hc_client_init say. */
int creds_peer_open(struct creds_peer *p, const char *const *env,
                    const char *const *answers);
/* The same where these files exist (path, text, ..., NULL), and the program
 * names this profile, or none. */
int creds_peer_open_files(struct creds_peer *p, const char *const *env,
                          const char *const *files, const char *profile);
/* No memory has been given back with "hush" in it: it was wiped before. */
void creds_peer_close(struct creds_peer *p);
/* Asks `from` until it has an answer, over any number of waits; the clock goes
 * on where nothing else can. */
int creds_peer_ask(struct creds_peer *p, struct hc_creds *from);
/* The clock, with nobody asking. */
void creds_peer_pass(struct creds_peer *p, int64_t us);
/* The last ask failed so, with these words and without those. */
void creds_peer_failed(const struct creds_peer *p, int code, const char *words);
/* It was answered with this key id. */
void creds_peer_has(const struct creds_peer *p, const char *key_id);

#endif
