/* ecs/view.h - takes the members that a table names straight off the reader.
 *
 * A shape is the table of an object's members of interest.  Members that it
 * does not name are validated and dropped (AWS adds some every month).  A
 * member that is null is absent.  A named member of another type, or one that
 * comes twice, is an error that names it.  Nothing is kept but what the sink
 * keeps.
 */
#ifndef HC_ECS_VIEW_H
#define HC_ECS_VIEW_H

#include "base/json.h"

#define HC_VIEW_DEPTH 10

enum hc_view_type {
    VIEW_TEXT, VIEW_INT, VIEW_BOOL,
    VIEW_TIME,        /* seconds since 1970, maybe with a fraction, as the
                         API sends them; the item has microseconds         */
    VIEW_OBJECT,      /* its own shape                                     */
    VIEW_OBJECTS,     /* an array of them                                  */
    VIEW_TEXTS,       /* an array of strings                               */
    VIEW_RAW          /* any value but null: its bytes, into view->raw     */
};

/* A shape is an array of these that ends with HC_VIEW_LAST: at most 32 before
 * it. */
struct hc_view_member {
    const char *name;
    enum hc_view_type type;
    int id;                            /* what the sink knows it by        */
    const struct hc_view_member *shape; /* of OBJECT and OBJECTS           */
};

#define HC_VIEW_LAST { NULL, VIEW_TEXT, 0, NULL }

enum hc_view_mark { VIEW_VALUE, VIEW_BEGIN, VIEW_END };

struct hc_view_item {
    int id;
    enum hc_view_mark mark;    /* BEGIN, END of an OBJECT (each of OBJECTS) */
    struct hc_str text;        /* TEXT, TEXTS; good until the sink returns  */
    int64_t number;            /* INT, TIME; BOOL as 0 and 1                */
    uint32_t given;            /* END: bits of the members that had a value */
};

struct hc_view_frame {
    const struct hc_view_member *shape;
    const struct hc_view_member *member;   /* whose value this is, or NULL */
    const struct hc_view_member *due;      /* its value comes next         */
    uint32_t seen, given;                  /* null is seen, not given  */
    bool is_array;
};

struct hc_view {
    size_t depth;
    const struct hc_view_member *root;
    /* 0, or a negative code with e set, which ends the reading */
    int (*sink)(void *ud, const struct hc_view_item *item,
                struct headcount_error *e);
    void (*key)(void *ud, struct hc_str key);
    void *ud;
    const char *what;          /* "the answer to ListClusters", for errors */
    int code; /* HEADCOUNT_EANSWER, HEADCOUNT_EEVENT                    */
    int err;                   /* sticks                                   */
    bool root_seen;            /* the object has begun                     */
    bool list_seen;            /* an array of the table was there          */
    struct hc_buf raw;         /* of a VIEW_RAW                            */
    struct hc_json json;
    struct hc_view_frame frames[HC_VIEW_DEPTH];
};

struct hc_view_config {
    const struct hc_alloc *alloc;
    const struct hc_view_member *root;
    int (*sink)(void *ud, const struct hc_view_item *item,
                struct headcount_error *e);
    /* Gets each key of the root object, before its value; NULL: nobody does. */
    void (*key)(void *ud, struct hc_str key);
    void *ud;
    const char *what;
    int code;
    size_t max_bytes, max_text, max_raw;
};

void hc_view_init(struct hc_view *v, const struct hc_view_config *config);
void hc_view_fini(struct hc_view *v);
int hc_view_feed(struct hc_view *v, struct hc_str bytes,
                 struct headcount_error *e);
/* `end` is the END of an object of this shape: true if its member of this id
 * was there and not null.  Always false for a RAW member. */
bool hc_view_gave(const struct hc_view_item *end,
                  const struct hc_view_member *shape, int id);
/* The input ended: 0 only if the whole document was there. */
int hc_view_end(struct hc_view *v, struct headcount_error *e);

#endif
