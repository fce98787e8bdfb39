/* Prefixes met before, kept by their bytes: a source writes few of them (a level, a thread and a logger each),
 * and what one means is what it meant the last time. Where what follows could tell otherwise, it is read in full:
 * the answer is always that of rca_prefix_read(). */
#pragma once
#include "log-prefix.h"

typedef struct RcaPrefixMemo RcaPrefixMemo;

/* Of one source; @limit as for rca_prefix_read(). */
RcaPrefixMemo *rca_prefix_memo_new (guint limit);
void rca_prefix_memo_free (RcaPrefixMemo *memo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaPrefixMemo, rca_prefix_memo_free)

/* rca_prefix_read() of @record, from the memo when it has it. */
gsize rca_prefix_memo_read (RcaPrefixMemo *memo, RcaBytes line, RcaAppRecord *record);

/* How many prefixes were not read in full. For tests. */
guint64 rca_prefix_memo_hits (const RcaPrefixMemo *memo);
