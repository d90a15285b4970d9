/* base/digest.c - the digests this house needs, over BearSSL's classes of
 * hashes; base/sha256.c says which class. */
#include "base/digest.h"

#define HMAC_BLOCK 64                    /* bytes that each pad has hashed   */

void hc_sha256_init(struct hc_sha256 *d, unsigned cpu)
{
    hc_sha256_class(cpu)->init(&d->c.vtable);
}

void hc_sha256_put(struct hc_sha256 *d, const void *p, size_t n)
{
    if (n > 0)
        d->c.vtable->update(&d->c.vtable, p, n);
}

void hc_sha256_get(const struct hc_sha256 *d, unsigned char out[HC_SHA256])
{
    d->c.vtable->out(&d->c.vtable, out);
}

void hc_sha256_of(unsigned char out[HC_SHA256], unsigned cpu, struct hc_str s)
{
    struct hc_sha256 d;

    hc_sha256_init(&d, cpu);
    hc_sha256_put(&d, s.p, s.n);
    hc_sha256_get(&d, out);
}

void hc_hmac_key(struct hc_hmac_key *k, unsigned cpu, const void *key,
                 size_t n)
{
    br_hmac_key_init(&k->c, hc_sha256_class(cpu), n > 0 ? key : "", n);
}

void hc_hmac(unsigned char out[HC_SHA256], const struct hc_hmac_key *k,
             struct hc_str s)
{
    br_sha256_context c;
    unsigned char mac[HC_SHA256];

    /* The class of the key is one of SHA-256. */
    c.vtable = k->c.dig_vtable;
    c.vtable->set_state(&c.vtable, k->c.ksi, HMAC_BLOCK);
    if (s.n > 0)
        c.vtable->update(&c.vtable, s.p, s.n);
    c.vtable->out(&c.vtable, mac);
    c.vtable->set_state(&c.vtable, k->c.kso, HMAC_BLOCK);
    c.vtable->update(&c.vtable, mac, sizeof mac);
    c.vtable->out(&c.vtable, out);
}

bool hc_equal_secret(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a;
    const volatile unsigned char *y = b;
    unsigned differ = 0;

    for (size_t i = 0; i < n; i++)
        differ |= (unsigned)(x[i] ^ y[i]);
    return differ == 0;
}

/* IEEE 802.3, reflected; four bits at a time need sixteen words. */
uint32_t hc_crc32(uint32_t crc, const void *p, size_t n)
{
    static const uint32_t nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
        0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C
    };
    const unsigned char *b = p;

    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}
