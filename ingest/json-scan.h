/* JSON as it stands in log lines: one pass, no tree, no allocation but for unescaping.
 *
 * Members are visited in order with their dotted path ("log.level" for both
 * {"log.level":…} and {"log":{"level":…}}); invalid UTF-8 and control characters
 * in strings are let through as bytes. Depth is limited to 64 (RFC 8259 lets a
 * parser set limits); of equal keys the last one wins, as visitors overwrite. */
#pragma once
#include "arena.h"
#include "bytes.h"

typedef enum {
  RCA_JSON_NULL,
  RCA_JSON_FALSE,
  RCA_JSON_TRUE,
  RCA_JSON_NUMBER, /* value: its text */
  RCA_JSON_STRING, /* value: unescaped bytes (in the arena when it held escapes) */
  RCA_JSON_OBJECT, /* value: its text, braces included */
  RCA_JSON_ARRAY,  /* value: its text, brackets included */
} RcaJsonType;

/* One member or element. @depth 1 = members of the outermost object. Return TRUE
 * to descend into an object or array (its members come next, depth + 1). */
typedef gboolean (*RcaJsonVisit) (RcaBytes path, RcaBytes key, RcaJsonType type, RcaBytes value, guint depth, gpointer user);

/* Scans one JSON value at the start of @text (leading blanks allowed). Elements of
 * arrays have their index as key. Returns how many bytes it took; 0 when it is no
 * complete JSON value (members before the break have been visited by then: it is
 * one pass). Strings unescaped live in @arena. */
gsize rca_json_scan (RcaBytes text, RcaArena *arena, RcaJsonVisit visit, gpointer user);

/* The member at dotted @path of the object @text; FALSE when absent. For documents
 * and tests of shape, not for the hot path (it scans from the start). */
gboolean rca_json_get (RcaBytes text, const char *path, RcaArena *arena, RcaJsonType *type, RcaBytes *value);

/* Calls @each for every element of the array @text. Returns how many. */
typedef void (*RcaJsonEach) (guint index, RcaJsonType type, RcaBytes value, gpointer user);
guint rca_json_each (RcaBytes array, RcaArena *arena, RcaJsonEach each, gpointer user);

/* Whether @text, a line of JSON, writes a member @key whose value begins with @prefix (""
 * for any), with or without blanks around the colon. Looks at bytes only: for sniffing. */
gboolean rca_json_mentions (RcaBytes text, const char *key, const char *prefix);
