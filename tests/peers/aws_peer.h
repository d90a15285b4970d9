/* peers/aws_peer.h - net_peer.h as an AWS service that answers by a list.
 *
 * Used by: aws/, peers/creds_peer.h and peers/scene.h.
 * Instead of moto: moto is another process with a clock of its own, and it
 * cannot hang up, stay silent or answer from a list.
 */
#ifndef PEERS_AWS_PEER_H
#define PEERS_AWS_PEER_H

#include "aws/client.h"
#include "peers/net_peer.h"

#define AWS_PEER_CLOSE "\1close"         /* hangs up instead of answering    */
#define AWS_PEER_SILENT "\1silent"       /* never answers                    */
#define AWS_PEER_REQUESTS 16

struct aws_script {
    const char *const *answers;          /* one a request, NULL at the end   */
    size_t requests;                     /* that came whole                  */
    size_t taken[NET_PEER_CONNS];        /* bytes of them, by connection     */
    char request[AWS_PEER_REQUESTS][8192];
};

/* Answers what has come whole. */
void aws_script_pump(struct aws_script *s, struct net_peer *peer);
/* Value of a header of the i-th request, "" if it has none. */
const char *aws_script_header(const struct aws_script *s, size_t i,
                              const char *name);

struct aws_world {
    struct net_world world;
    struct hc_config config;
    struct hc_client client;
    struct aws_script script;
    char url[64];
};

/* Its endpoint is the peer's port; credentials and region in the environment;
 * `env` replaces that. */
void aws_world_open(struct aws_world *w, const char *const *env,
                    const char *const *answers);
void aws_world_close(struct aws_world *w);
void aws_world_round(struct aws_world *w);
/* Rounds until *flag; where nothing happens the clock is moved to the next
 * deadline.  The test fails if that does not help. */
void aws_world_until(struct aws_world *w, const bool *flag);
const char *aws_world_header(struct aws_world *w, size_t i, const char *name);

/* "HTTP/1.1 STATUS ...": with length, request id; valid until 16 more. */
const char *aws_answer(int status, const char *headers, const char *body);

#endif
