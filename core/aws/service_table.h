/* aws/service_table.h - the texts of service_table.c, which
 * bindings/packaging/service_table.py writes.  aws/catalog.h reads them.
 *
 * One text each instead of a table of strings: a pointer in a position
 * independent program costs 8 bytes and 24 of relocation.  A line is a row, a
 * '|' stands between its fields, and empty fields at its end are left out.
 *
 *   rows        CLI|TARGET|CODE|HOST|SIGNING|ID|NAME
 *               CODE is the minor version of JSON, a '*' where errors are also
 *               told by their name in the query protocol, and the letter of
 *               the rules.  Left out: HOST that is CLI, SIGNING that is HOST,
 *               ID and NAME that are CLI.
 *   ours        Rows of services without JSON that headcount itself speaks to.
 *   others      NAME[=SIGNING] of well known services without JSON.
 *   operations  CLI|WAY|GLOBS: operations of a service that go another way, by
 *               globs with a ',' between them.  WAY is '=' and the letter of
 *               their rules, '~' where the answer is a stream of events, '-'
 *               where nothing is signed, else what stands in front of the host.
 *   words       CLIS|WORDS: how words are spelled in the names of operations,
 *               where that is not a capital and small letters; also whole
 *               names.
 *   rules       LETTER|RULES
 *   partitions  ID|BEGIN|SUFFIX|DUAL STACK|GLOBAL REGION|HOME; `aws` is the
 *               last and takes every region that no other one does.  HOME is
 *               where IAM is; left out: the global region.
 */
#ifndef HC_AWS_SERVICE_TABLE_H
#define HC_AWS_SERVICE_TABLE_H

extern const char hc_service_rows[];
extern const char hc_service_ours[];
extern const char hc_service_others[];
extern const char hc_service_operations[];
extern const char hc_service_words[];
extern const char hc_service_rules[];
extern const char hc_service_partitions[];

#endif
