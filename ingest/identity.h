/* Stateless identity: what makes two messages one template, two requests one
 * route, two statements one fingerprint. The identity is the XXH3 hash of the
 * constant part under masks that are written once, in identity.c's table, so that
 * order of files and lines changes nothing and a SQL backend can apply the same. */
#pragma once
#include "arena.h"
#include "bytes.h"

typedef struct {
  guint64 id;     /* XXH3-64 of @text */
  RcaBytes text;  /* constant part: "request {} took {} ms", "GET /users/{}", "SELECT * FROM t WHERE id = ?" (in the arena) */
} RcaIdentity;

/* Digits, hex runs, UUIDs, addresses, quoted values, paths with digits, key=value's values become {}.
 * Bounded: at most 256 bytes of the first line. */
RcaIdentity rca_template (RcaBytes message, RcaArena *arena);

/* METHOD + path with its variable segments (digits, hex, UUID, long mixed tokens,
 * e-mail…) as {}; query and fragment cut; at most 8 segments, then "…". */
RcaIdentity rca_route (RcaBytes method, RcaBytes path, RcaArena *arena);

/* SQL with literals, lists, comments and white space folded, PostgreSQL and MySQL
 * dialects alike: equal statements from both look equal (quotes of identifiers off, key words upper case). */
RcaIdentity rca_sql_fingerprint (RcaBytes statement, RcaArena *arena);

/* What a person would call a fingerprint: "SELECT orders ⋈ items", "UPDATE stock",
 * from the folded text; at most 80 bytes. */
RcaBytes rca_sql_name (RcaBytes fingerprint, RcaArena *arena);

/* The tables a statement names, in order, without schema and quotes; returns how many (at most @max). */
guint rca_sql_tables (RcaBytes fingerprint, RcaBytes *table, guint max);

/* Values of a trailing sqlcommenter or marginalia comment: key=value pairs, URL-decoded. */
typedef void (*RcaSqlTag) (RcaBytes key, RcaBytes value, gpointer user);
void rca_sql_comment_tags (RcaBytes statement, RcaArena *arena, RcaSqlTag tag, gpointer user);
