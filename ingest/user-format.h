/* Formats that a user wrote down: a PCRE2 pattern with named groups, or an nginx-style format string.
 *
 *     [format shop]
 *     pattern = ^(?<time>\S+ \S+) (?<level>\w+) \[(?<thread>[^]]*)\] (?<message>.*)$
 *     time    = %d.%m.%Y %H:%M:%S          (strptime; only where the time is of an uncommon syntax)
 *     stream  = app                        (access, app, db, change, cdn; else told by the groups)
 *
 *     [format edge]
 *     log_format = $remote_addr [$time_local] "$request" $status $request_time
 *
 * Groups and variables are named as loggers name their members (alias.h) and nginx its variables:
 * status, method, path, duration, trace_id, sql… ; a group of any other name becomes an attribute. */
#pragma once
#include "format.h"

typedef struct RcaUserFormats RcaUserFormats;

RcaUserFormats *rca_user_formats_new (void);
void rca_user_formats_free (RcaUserFormats *formats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaUserFormats, rca_user_formats_free)

/* Adds every group [format NAME] of @file, replacing formats of the same name. Errors (G_KEY_FILE_ERROR)
 * name @where, the group and the key; a pattern's the place in it. */
gboolean rca_user_formats_add (RcaUserFormats *formats, GKeyFile *file, const char *where, GError **error);

/* The format called @name; NULL when there is none. @formats may be NULL. */
const RcaFormat *rca_user_formats_find (const RcaUserFormats *formats, const char *name);

/* The first format that understands at least half of the sample's records; NULL when none does. */
const RcaFormat *rca_user_formats_sniff (const RcaUserFormats *formats, const RcaSampleLines *sample, RcaSniff *out);

/* The format string of RcaSampleLines.user; NULL when @user is NULL or a pattern. */
const char *rca_user_format_log_format (gconstpointer user);
