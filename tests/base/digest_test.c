/* tests/base/digest_test.c - published vectors (FIPS 180-4, RFC 4231), computed
 * by BearSSL and by what this processor has. */
#include "t.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"

static const char *hex_of(const unsigned char *p, size_t n)
{
    static char out[2 * 64 + 1];

    hc_hex(out, p, n);
    out[2 * n] = '\0';
    return out;
}

static const struct {
    const char *text, *sha256;
} vectors[] = {
    { "",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" }
};

static void check_known_texts(unsigned cpu)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        unsigned char out[HC_SHA256];

        hc_sha256_of(out, cpu, hc_str(vectors[i].text));
        CHECK_Z(hex_of(out, 32), vectors[i].sha256);
    }
    unsigned char out[HC_SHA256];

    hc_sha256_of(out, cpu, (struct hc_str){ NULL, 0 });
    CHECK_Z(hex_of(out, 32), vectors[0].sha256);
}

TEST(digest, sha256_of_known_texts)
{
    check_known_texts(0);
    check_known_texts(hc_cpu());
}

static void check_pieces(unsigned cpu)
{
    const char *text = vectors[2].text;

    for (size_t cut = 0; cut <= strlen(text); cut++) {
        struct hc_sha256 d;
        unsigned char out[HC_SHA256], half[HC_SHA256], want[HC_SHA256];

        hc_sha256_init(&d, cpu);
        hc_sha256_put(&d, text, cut);
        hc_sha256_get(&d, half);
        hc_sha256_of(want, cpu, hc_str_n(text, cut));
        CHECK_MEM(half, 32, want);
        hc_sha256_put(&d, text + cut, strlen(text) - cut);
        hc_sha256_get(&d, out);
        CHECK_Z(hex_of(out, 32), vectors[2].sha256);
    }
}

TEST(digest, pieces_give_the_same_and_get_may_be_asked_midway)
{
    check_pieces(0);
    check_pieces(hc_cpu());
}

static void check_rfc_4231(unsigned cpu)
{
    unsigned char key[131], out[HC_SHA256];
    struct hc_hmac_key k;

    memset(key, 0x0b, 20);
    hc_hmac_key(&k, cpu, key, 20);
    hc_hmac(out, &k, HC_STR("Hi There"));
    CHECK_Z(hex_of(out, 32), "b0344c61d8db38535ca8afceaf0bf12b"
                             "881dc200c9833da726e9376c2e32cff7");

    hc_hmac_key(&k, cpu, "Jefe", 4);
    for (int twice = 0; twice < 2; twice++) {
        hc_hmac(out, &k, HC_STR("what do ya want for nothing?"));
        CHECK_Z(hex_of(out, 32), "5bdcc146bf60754e6a042426089575c7"
                                 "5a003f089d2739839dec58b964ec3843");
    }

    memset(key, 0xaa, sizeof(key));
    hc_hmac_key(&k, cpu, key, sizeof(key));
    hc_hmac(out, &k, HC_STR("Test Using Larger Than Block-Size Key - "
                            "Hash Key First"));
    CHECK_Z(hex_of(out, 32), "60e431591ee0b67f0d8a26aacbf5b77f"
                             "8e0bc6213728c5140546040f0ee37f54");
}

TEST(digest, hmac_of_rfc_4231)
{
    check_rfc_4231(0);
    check_rfc_4231(hc_cpu());
}

static void check_empty(unsigned cpu)
{
    struct hc_hmac_key k;
    unsigned char out[HC_SHA256];

    hc_hmac_key(&k, cpu, NULL, 0);
    hc_hmac(out, &k, (struct hc_str){ NULL, 0 });
    CHECK_Z(hex_of(out, 32), "b613679a0814d9ec772f95d778c35fc5"
                             "ff1697c493715653c6c712144292c5ad");
}

TEST(digest, an_empty_key_and_an_empty_text_have_an_hmac)
{
    check_empty(0);
    check_empty(hc_cpu());
}

TEST(digest, secrets_compare_whole)
{
    CHECK(hc_equal_secret("abcd", "abcd", 4));
    CHECK(!hc_equal_secret("abcd", "abce", 4));
    CHECK(!hc_equal_secret("Xbcd", "abcd", 4));
    CHECK(hc_equal_secret("abcd", "abce", 3));
    CHECK(hc_equal_secret(NULL, NULL, 0));
}

TEST(digest, crc32_of_the_check_text)
{
    CHECK_INT(hc_crc32(0, "123456789", 9), 0xCBF43926);
    CHECK_INT(hc_crc32(hc_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    CHECK_INT(hc_crc32(0, "", 0), 0);
    CHECK_INT(hc_crc32(0, "\xff\xff\xff\xff", 4), 0xFFFFFFFF);
    CHECK_INT(hc_crc32(0, "The quick brown fox jumps over the lazy dog", 43),
              0x414FA339);
}
