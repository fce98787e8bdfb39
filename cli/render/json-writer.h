/* JSON text: members in the order they are written, valid UTF-8 always, numbers always finite. */
#pragma once
#include <glib.h>

typedef struct {
  GString *out;
  gboolean comma; /* a value stands before the next one */
} RcaJson;

/* NULL @key: an element of an array. */
void rca_json_open (RcaJson *json, const char *key, char bracket); /* '{' or '[' */
void rca_json_close (RcaJson *json, char bracket);                 /* '}' or ']' */
void rca_json_string (RcaJson *json, const char *key, const char *value); /* NULL value: null; invalid UTF-8 repaired */
void rca_json_uint (RcaJson *json, const char *key, guint64 value);
void rca_json_number (RcaJson *json, const char *key, double value, guint decimals); /* not finite: null */
void rca_json_bool (RcaJson *json, const char *key, gboolean value);
void rca_json_null (RcaJson *json, const char *key);
void rca_json_time (RcaJson *json, const char *key, gint64 time_ns); /* RCA_TIME_NONE: null */
