/* What programs and people call the columns of an access log: one table for keys of key=value,
 * members of JSON and nginx's variables. */
#pragma once
#include "access-line.h"

typedef struct {
  RcaAccessRole role;
  guint strength; /* 1..4: of two columns for one role the stronger name wins */
  gint64 unit_ns; /* of a number in a time role; 0: learn it */
  gboolean edge;  /* a CDN's own word */
} RcaAccessName;

/* @name without case and punctuation in the table; FALSE when it is unknown. */
gboolean rca_access_name (RcaBytes name, RcaAccessName *out);
