/* Which lines of a part count: those of records inside a window, of a service. */
#pragma once
#include "store.h"

typedef struct RcaScope RcaScope;

/* @inside: (transfer none) what rca_store_inside() says of the part. */
RcaScope *rca_scope_new (const RcaInside *inside);
void rca_scope_free (RcaScope *scope);

/* Whether @line belongs to such a record; a record reaches to the next one. Lines are asked in
 * rising order. */
gboolean rca_scope_holds (RcaScope *scope, guint64 line);
/* Whether nothing from @line on does. */
gboolean rca_scope_is_over (const RcaScope *scope, guint64 line);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaScope, rca_scope_free)
