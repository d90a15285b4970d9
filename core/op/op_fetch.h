/* op/op_fetch.h - one plain HTTP request. */
#ifndef HC_OP_OP_FETCH_H
#define HC_OP_OP_FETCH_H

#include "op/op.h"

extern const struct op_class hc_op_fetch_class;

#endif
