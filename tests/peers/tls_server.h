/* peers/tls_server.h - BearSSL as a TLS server in the same process: no
 * socket, a chain and a key out of tests/peers/certs.sh.
 *
 * Used by: wire/tls_test.c, net/conn_test.c, peers/net_peer.h.
 * Instead of moto: moto's TLS is OpenSSL behind a socket; these tests move
 * records by hand.
 */
#ifndef PEERS_TLS_SERVER_H
#define PEERS_TLS_SERVER_H

#include <bearssl.h>

#include "t.h"

struct tls_server {
    br_ssl_server_context ssl;
    br_ssl_session_cache_lru cache;
    unsigned char cache_store[4096];
    unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
    br_x509_certificate chain[16];
    size_t chain_n;
    unsigned char der[32768];
    size_t der_n;
    br_skey_decoder_context key;
};

/* Loads CASE-chain.pem and CASE-key.pem; full profile, session cache. */
void tls_server_init(struct tls_server *s, const char *name);
/* Ready for a connection; the cache stays. */
void tls_server_start(struct tls_server *s);
void tls_server_forget(struct tls_server *s);   /* the sessions */
/* What it decrypted so far is echoed, one flush for all. */
void tls_server_echo(struct tls_server *s);
/* Sends bytes as one record. */
void tls_server_say(struct tls_server *s, const char *text);

#endif
