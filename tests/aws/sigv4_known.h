/* tests/aws/sigv4_known.h - requests whose signatures are known.
 *
 * The table was made with botocore's signer, offline (SigV4Auth's
 * canonical_request and signature; the row without double_encode with
 * S3SigV4Auth's rule that the path is signed as it is), for the key, date and
 * region of AWS's published suite; its rows get_* and post_form carry the
 * suite's own names.  tests/system compares generated requests with botocore
 * again at every run.
 */
#ifndef TESTS_AWS_SIGV4_KNOWN_H
#define TESTS_AWS_SIGV4_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_ID "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define WALL (INT64_C(1440938160) * HC_SECOND)      /* 20150830T123600Z */

static const struct known {
    const char *name, *method, *path, *query;
    struct { const char *name, *value; } headers[8];
    const char *body;
    bool encode;
    const char *service;
    const char *canonical, *signature;
} known[] = {
    { "get_vanilla", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_query_order", "GET",
      "/",
      "Param2=value2&Param1=value1",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "Param1=value1&Param2=value2\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d321"
      "9ec94cdf2500" },
    { "get_query_same_key", "GET",
      "/",
      "Param1=value2&Param1=Value1",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "Param1=Value1&Param1=value2\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df30"
      "0a15b2382bd1" },
    { "get_query_empty_value", "GET",
      "/",
      "b&a=",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "a=&b=\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "df0cf4d99575de2988d710990cf530772494504e76e7b9965f75"
      "7c8b9c79ab85" },
    { "get_query_encoded", "GET",
      "/",
      "q=a%20b&r=%E1%88%B4",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "q=a%20b&r=%E1%88%B4\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "4d47339ffb296d4d0cfc7cacadb5b2697c95090ebf55cea67462"
      "e6118b43817d" },
    { "get_unreserved", "GET",
      "/-._~0123456789abcXYZ",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/-._~0123456789abcXYZ\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "176056408687f39c1afca7ce02129c5f7fc843b5902c8a5b21a0"
      "910d3665323d" },
    { "get_utf8", "GET",
      "/%E1%88%B4",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/%25E1%2588%25B4\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d"
      "339eb079596d" },
    { "get_space", "GET",
      "/example%20space/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example%2520space/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "446b817944c553435b35e813c261ff4e161fff982d1bacdef1c8"
      "7f6785dd1662" },
    { "get_relative", "GET",
      "/example/..",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_relative_relative", "GET",
      "/example1/example2/../..",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash", "GET",
      "//",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash_dot_slash", "GET",
      "/./",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8a"
      "ae1d763fbf31" },
    { "get_slash_pointless_dot", "GET",
      "/./example",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db"
      "7089db637ec5" },
    { "get_slashes", "GET",
      "//example//",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/example/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846"
      "570885f57e84" },
    { "get_dotted", "GET",
      "/a/b/../c/./d",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/a/c/d\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "a0bfccc88ccd4286fad13574308ed50acabfff5b2f0c50d1f015"
      "ba455e4749c6" },
    { "get_three_dots", "GET",
      "/.../a",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/.../a\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "10b6fae789668122fb7eba540892683d105a831bde38b7dbdbd2"
      "544c50f75cb9" },
    { "header_trim", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "My-Header1", " value1" },
        { "My-Header2", "\"a   b   c\"" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "my-header1:value1\n"
      "my-header2:\"a b c\"\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;my-header1;my-header2;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee"
      "359757a9c736" },
    { "header_order", "GET",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "zoo", "1" },
        { "Alpha", "2" },
        { "mid-dle", "3" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      true, "service",
      "GET\n"
      "/\n"
      "\n"
      "alpha:2\n"
      "host:example.amazonaws.com\n"
      "mid-dle:3\n"
      "x-amz-date:20150830T123600Z\n"
      "zoo:1\n"
      "\n"
      "alpha;host;mid-dle;x-amz-date;zoo\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "1a34e3cc0d60f9250fe06dca8b3a06c3ca251c64af0b613d267b"
      "d6d745ef29fd" },
    { "post_form", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "Content-Type", "application/x-www-form-urlencoded" },
        { "x-amz-date", "20150830T123600Z" } },
      "Param1=value1",
      true, "service",
      "POST\n"
      "/\n"
      "\n"
      "content-type:application/x-www-form-urlencoded\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "content-type;host;x-amz-date\n"
      "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275"
      "f4c7b24d0b6e",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d1"
      "96a0fe09473a" },
    { "post_token", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" },
        { "x-amz-security-token", "AQoDYXdzEPT//////////wEXAMPLE" } },
      "",
      true, "service",
      "POST\n"
      "/\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "x-amz-security-token:AQoDYXdzEPT//////////wEXAMPLE\n"
      "\n"
      "host;x-amz-date;x-amz-security-token\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "997fca65d08f4072d2c61b34906c6c8e83179f706ce49ad9dbb7"
      "c41659dc53cc" },
    { "s3_raw_path", "GET",
      "/my%20key//with/./dots",
      "",
      { { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" } },
      "",
      false, "service",
      "GET\n"
      "/my%20key//with/./dots\n"
      "\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "\n"
      "host;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
      "991b7852b855",
      "179b575224c5155a7e96914d8c8f9e631003422d8cbdd45380ef"
      "ce6182366c48" },
    { "ecs", "POST",
      "/",
      "",
      { { "host", "example.amazonaws.com" },
        { "content-type", "application/x-amz-json-1.1" },
        { "x-amz-target",
          "AmazonEC2ContainerServiceV20141113.DescribeServices" },
        { "amz-sdk-invocation-id",
          "01234567-89ab-4def-8123-456789abcdef" },
        { "amz-sdk-request", "attempt=1; max=3" },
        { "x-amz-date", "20150830T123600Z" },
        { "x-amz-security-token", "AQoDYXdzEPT//////////wEXAMPLE" } },
      "{\"cluster\":\"c\",\"services\":[\"s\"]}",
      true, "ecs",
      "POST\n"
      "/\n"
      "\n"
      "amz-sdk-invocation-id:01234567-89ab-4def-8123-456789"
      "abcdef\n"
      "amz-sdk-request:attempt=1; max=3\n"
      "content-type:application/x-amz-json-1.1\n"
      "host:example.amazonaws.com\n"
      "x-amz-date:20150830T123600Z\n"
      "x-amz-security-token:AQoDYXdzEPT//////////wEXAMPLE\n"
      "x-amz-target:AmazonEC2ContainerServiceV20141113.Desc"
      "ribeServices\n"
      "\n"
      "amz-sdk-invocation-id;amz-sdk-request;content-type;h"
      "ost;x-amz-date;x-amz-security-token;x-amz-target\n"
      "24d67b5be042aed4672b99dbc478c3e81ef9171b1b0382204162"
      "f969d9c216ce",
      "7c56af125c78b7dc7c7173d89aaaa146f2b548fa413f2436f924"
      "5ffa520eec3b" },
};

#define KNOWN (sizeof(known) / sizeof(*known))

#endif
