/* base/digest.h - SHA-256 and HMAC over the classes of BearSSL; CRC-32.
 *
 * `cpu` is what hc_cpu said (base/cpu.h).  With 0 BearSSL computes, and the
 * result is the same. */
#ifndef HC_BASE_DIGEST_H
#define HC_BASE_DIGEST_H

#include "base/sha256.h"
#include "base/str.h"

#define HC_SHA256 32

struct hc_sha256 { br_sha256_context c; };
void hc_sha256_init(struct hc_sha256 *d, unsigned cpu);
void hc_sha256_put(struct hc_sha256 *d, const void *p, size_t n);
void hc_sha256_get(const struct hc_sha256 *d, unsigned char out[HC_SHA256]);
void hc_sha256_of(unsigned char out[HC_SHA256], unsigned cpu,
                  struct hc_str s);

/* A key whose two pads are hashed once and used many times.  It keeps the class
 * that `cpu` chose. */
struct hc_hmac_key { br_hmac_key_context c; };
void hc_hmac_key(struct hc_hmac_key *k, unsigned cpu, const void *key,
                 size_t n);
void hc_hmac(unsigned char out[HC_SHA256], const struct hc_hmac_key *k,
             struct hc_str s);
/* In a time that does not tell where they differ. */
bool hc_equal_secret(const void *a, const void *b, size_t n);

/* Starts with crc = 0; goes on with the last answer. */
uint32_t hc_crc32(uint32_t crc, const void *p, size_t n);

#endif
