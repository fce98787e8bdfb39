/* Files that are there whole or not at all. */
#pragma once
#include "seam.h"

/* Makes the folder @dir (0700) when it is absent. */
gboolean rca_io_make_dir (const char *dir, GError **error);

/* A file being written under a temporary name. */
typedef struct RcaIoFile RcaIoFile;
RcaIoFile *rca_io_create (const char *dir, const char *name, GError **error);
gboolean rca_io_append (RcaIoFile *file, gconstpointer data, gsize n, GError **error);
guint64 rca_io_position (const RcaIoFile *file);
/* Synced, renamed to its name, and the folder synced: after TRUE it survives a power cut. Frees @file. */
gboolean rca_io_commit (RcaIoFile *file, GError **error);
/* Frees @file and removes what was written. */
void rca_io_abandon (RcaIoFile *file);

gboolean rca_io_sync_dir (const char *dir, GError **error);
/* Exactly @n bytes at @offset. */
gboolean rca_io_read_at (int fd, guint64 offset, gpointer data, gsize n, GError **error);

/* The one writer's lock; -1 with RCA_STORE_ERROR_LOCKED when another has it. Closing it frees it. */
int rca_io_lock (const char *dir, GError **error);
