/* aws/ini.h - the grammar of the two files that AWS's tools share,
 * ~/.aws/config and ~/.aws/credentials, and the union of both.  Pure: somebody
 * else finds the files and reads their bytes.
 *
 *     hc_ini_init(&ini, alloc);
 *     hc_ini_read(&ini, INI_CONFIG, path, text);
 *     hc_ini_read(&ini, INI_CREDENTIALS, other_path, other_text);
 *     got = hc_ini_open(&ini, INI_PROFILE, HC_STR("prod"), &view, e);
 *     region = hc_ini_find(&view, HC_STR("region"));
 *     err = hc_ini_text(&ini, region, &value, e);
 *
 * A fault of a file or of a section is no error while nothing is needed from
 * there: it is kept, and hc_ini_open answers it.  An error names the file and
 * the line, and holds none of the line's text, which may be a secret.
 */
#ifndef HC_AWS_INI_H
#define HC_AWS_INI_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define HC_INI_MAX ((size_t)1 << 20)     /* bytes of one file                */
#define HC_INI_RECORDS ((size_t)50000)   /* sections and settings of one     */

enum hc_ini_file { INI_CONFIG, INI_CREDENTIALS };
#define HC_INI_FILES 2

/* INI_OTHER: a section that AWS's tools ignore; it has no settings here. */
enum hc_ini_kind { INI_PROFILE, INI_SSO_SESSION, INI_SERVICES, INI_OTHER };

/* key = value, or a key with a block of settings of its own (then the value
 * is empty).  Where a key comes twice, both stand here and the last counts. */
struct hc_ini_item {
    struct hc_str key;             /* lower case                             */
    struct hc_str value;           /* may be a secret; lines end with LF     */
    struct hc_ini_item *nested;    /* in the file's order, as is `next`      */
    struct hc_ini_item *next;
    size_t line;                   /* from 1 on                              */
    enum hc_ini_file file;
};

/* From one header to the next; a name may have several. */
struct hc_ini_section {
    struct hc_str name;            /* of INI_OTHER: all that is in brackets  */
    struct hc_ini_item *items;
    struct hc_ini_section *next;
    const char *wrong;             /* its first fault; NULL: none            */
    size_t wrong_line, line;
    enum hc_ini_kind kind;
    enum hc_ini_file file;
    bool plain;                    /* [default], without the word profile    */
};

struct hc_ini_source {
    const char *path;              /* for errors; NULL: none was looked for  */
    bool is_absent;                /* there is no file of this path          */
    const char *wrong;             /* its first fault; NULL: none            */
    size_t wrong_line;             /* 0: `wrong` is a whole sentence         */
    struct hc_buf text;            /* keys and values lie in it              */
};

struct hc_ini {
    struct hc_ini_source source[HC_INI_FILES];
    struct hc_ini_section *sections;
    struct hc_ini_section **end;   /* private                                */
    struct hc_arena arena;
};

/* All that both files say of one name. */
struct hc_ini_view {
    const struct hc_ini *ini;
    enum hc_ini_kind kind;
    struct hc_str name;
};

/* `ini` must not move until hc_ini_fini. */
void hc_ini_init(struct hc_ini *ini, const struct hc_alloc *alloc);
void hc_ini_fini(struct hc_ini *ini);              /* wipes what it read */
/* Once for each file; path and text are copied.  0, also where the text has
 * faults, or HEADCOUNT_ENOMEM: then only hc_ini_fini may follow. */
int hc_ini_read(struct hc_ini *ini, enum hc_ini_file file, const char *path,
                struct hc_str text);
/* The file is there and could not be read: `why` is the whole sentence that
 * hc_ini_open and hc_ini_check answer.  0 or HEADCOUNT_ENOMEM. */
int hc_ini_refuse(struct hc_ini *ini, enum hc_ini_file file, const char *path,
                  struct hc_str why);
/* There is no such file: hc_ini_missing says so.  0 or HEADCOUNT_ENOMEM. */
int hc_ini_lacks(struct hc_ini *ini, enum hc_ini_file file, const char *path);
/* HEADCOUNT_ECONFIG if one of the files has a fault that makes all of it
 * doubtful. */
int hc_ini_check(const struct hc_ini *ini, struct headcount_error *e);
/* 1: *out is what the files say of the name.  0: neither file has it.
 * HEADCOUNT_ECONFIG: a fault of a file, or of a section with this name.
 * `name` outlives the view. */
int hc_ini_open(const struct hc_ini *ini, enum hc_ini_kind kind,
                struct hc_str name, struct hc_ini_view *out,
                struct headcount_error *e);
/* HEADCOUNT_ECONFIG with a sentence for a name that hc_ini_open does not
 * find: how its section has to be written, or which names there are. */
int hc_ini_missing(const struct hc_ini *ini, enum hc_ini_kind kind,
                   struct hc_str name, struct headcount_error *e);

/* The setting that counts, or NULL; `key` is in lower case.  The credentials
 * file wins.  An empty value is no setting, but it hides those that it wins
 * over, as with the SDKs. */
const struct hc_ini_item *hc_ini_find(const struct hc_ini_view *v,
                                      struct hc_str key);
/* The same in one file: the keys of a triple come from one file. */
const struct hc_ini_item *hc_ini_find_in(const struct hc_ini_view *v,
                                         enum hc_ini_file file,
                                         struct hc_str key);
/* A setting of the block that `item` has; NULL: none, or no item. */
const struct hc_ini_item *hc_ini_find_nested(const struct hc_ini_item *item,
                                             struct hc_str key);
/* Its value, empty for NULL.  HEADCOUNT_ECONFIG names file, line and key of a
 * value with a line end or another control byte (a tab is none), and of a
 * block where a value belongs.  hc_ini_lines lets line ends pass, for
 * credential_process, where they are blanks. */
int hc_ini_text(const struct hc_ini *ini, const struct hc_ini_item *item,
                struct hc_str *out, struct headcount_error *e);
int hc_ini_lines(const struct hc_ini *ini, const struct hc_ini_item *item,
                 struct hc_str *out, struct headcount_error *e);
/* HEADCOUNT_ECONFIG: "PATH:LINE: KEY WRONG". */
int hc_ini_wrong(const struct hc_ini *ini, const struct hc_ini_item *item,
                 const char *wrong, struct headcount_error *e);

#endif
