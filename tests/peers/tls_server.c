/* peers/tls_server.c - see tls_server.h. */
#include "peers/tls_server.h"

#include <stdio.h>
#include <string.h>

static void push_der(void *ctx, const void *p, size_t n)
{
    struct tls_server *s = ctx;

    if (n > sizeof(s->der) - s->der_n)
        fail_msg("a chain too large for the test's server");
    memcpy(s->der + s->der_n, p, n);
    s->der_n += n;
}

static void push_key(void *ctx, const void *p, size_t n)
{
    br_skey_decoder_push(ctx, p, n);
}

static void begin(struct tls_server *s, br_pem_decoder_context *pem)
{
    if (strcmp(br_pem_decoder_name(pem), "CERTIFICATE") == 0)
        br_pem_decoder_setdest(pem, push_der, s);
    else if (strstr(br_pem_decoder_name(pem), "PRIVATE KEY") != NULL)
        br_pem_decoder_setdest(pem, push_key, &s->key);
    else
        br_pem_decoder_setdest(pem, NULL, NULL);
}

static void load(struct tls_server *s, const char *path)
{
    br_pem_decoder_context pem;
    size_t n, start = s->der_n;
    char *text = t_file(path, &n);

    br_pem_decoder_init(&pem);
    while (n > 0) {
        size_t used = br_pem_decoder_push(&pem, text, n);

        text += used;
        n -= used;
        switch (br_pem_decoder_event(&pem)) {
        case BR_PEM_BEGIN_OBJ:
            start = s->der_n;
            begin(s, &pem);
            break;
        case BR_PEM_END_OBJ:
            if (s->der_n > start)
                s->chain[s->chain_n++] =
                    (br_x509_certificate){ s->der + start, s->der_n - start };
            start = s->der_n;
            break;
        case BR_PEM_ERROR:
            fail_msg("%s is no PEM", path);
            break;
        }
    }
}

void tls_server_init(struct tls_server *s, const char *name)
{
    char path[256];

    memset(s, 0, sizeof(*s));
    br_skey_decoder_init(&s->key);
    snprintf(path, sizeof(path), "%s/%s-chain.pem", t_certs(), name);
    load(s, path);
    snprintf(path, sizeof(path), "%s/%s-key.pem", t_certs(), name);
    load(s, path);
    if (br_skey_decoder_key_type(&s->key) == BR_KEYTYPE_RSA)
        br_ssl_server_init_full_rsa(&s->ssl, s->chain, s->chain_n,
                                    br_skey_decoder_get_rsa(&s->key));
    else
        br_ssl_server_init_full_ec(&s->ssl, s->chain, s->chain_n,
                                   BR_KEYTYPE_EC,
                                   br_skey_decoder_get_ec(&s->key));
    br_ssl_engine_set_buffer(&s->ssl.eng, s->buffer, sizeof(s->buffer), 1);
    tls_server_forget(s);
    tls_server_start(s);
}

void tls_server_start(struct tls_server *s)
{
    static unsigned char turn;

    turn++;
    br_ssl_engine_inject_entropy(&s->ssl.eng, &turn, 1);
    CHECK(br_ssl_server_reset(&s->ssl) == 1);
}

void tls_server_forget(struct tls_server *s)
{
    br_ssl_session_cache_lru_init(&s->cache, s->cache_store,
                                  sizeof(s->cache_store));
    br_ssl_server_set_cache(&s->ssl, &s->cache.vtable);
}

void tls_server_say(struct tls_server *s, const char *text)
{
    size_t room, n = strlen(text);
    unsigned char *p = br_ssl_engine_sendapp_buf(&s->ssl.eng, &room);

    if (p == NULL || room < n)
        fail_msg("the test's server has no room to write");
    memcpy(p, text, n);
    br_ssl_engine_sendapp_ack(&s->ssl.eng, n);
    br_ssl_engine_flush(&s->ssl.eng, 0);
}

void tls_server_echo(struct tls_server *s)
{
    size_t n, room;
    unsigned char *in = br_ssl_engine_recvapp_buf(&s->ssl.eng, &n);
    unsigned char *out = br_ssl_engine_sendapp_buf(&s->ssl.eng, &room);

    if (in == NULL || out == NULL)
        return;
    n = n < room ? n : room;
    memcpy(out, in, n);
    br_ssl_engine_recvapp_ack(&s->ssl.eng, n);
    br_ssl_engine_sendapp_ack(&s->ssl.eng, n);
    br_ssl_engine_flush(&s->ssl.eng, 0);
}
