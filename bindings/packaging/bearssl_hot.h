/* bearssl_hot.h - static.sh puts it in front of BearSSL's code for P-256: the
 * multiplication and the square of the field are compiled for speed.  ECDHE and
 * ECDSA with P-256 spend their time there.  2.3 KB more make them take 0.66 of
 * the time that they take with -Os.  Neither has a branch or an index that
 * depends on a secret.
 */
#include <stdint.h>

static void mul_f256(uint32_t *d, const uint32_t *a, const uint32_t *b)
    __attribute__((optimize("O3")));
static void square_f256(uint32_t *d, const uint32_t *a)
    __attribute__((optimize("O3")));

