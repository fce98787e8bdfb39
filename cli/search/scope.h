/* Which lines of a source count: those of records inside a window, of a service. */
#pragma once
#include "store.h"

typedef struct RcaScope RcaScope;

/* Reads @source once. @window: start == end: any time. @service: NULL: any. */
RcaScope *rca_scope_new (RcaSource *source, const RcaReadOptions *read, RcaSpan window, const char *service);
void rca_scope_free (RcaScope *scope);

/* Whether @line of @part belongs to such a record; a record reaches to the next one. Lines are
 * asked in rising order within a part. */
gboolean rca_scope_holds (RcaScope *scope, guint part, guint64 line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaScope, rca_scope_free)
