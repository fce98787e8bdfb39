/* Files that are there whole or not at all: all that the store does to a disk goes through here. */
#pragma once
#include "seam.h"
#include <sys/types.h>

/* What the system does, as a table: tests put in one that fails at call n. Returns the one before.
 * Not for more than one thread at a time; NULL: the system's own. */
typedef struct {
  int (*open) (const char *path, int flags, mode_t mode);
  ssize_t (*read) (int fd, void *data, size_t n, off_t offset);
  ssize_t (*write) (int fd, const void *data, size_t n);
  int (*sync) (int fd);
  int (*rename) (const char *from, const char *to);
  int (*link) (const char *from, const char *to);
} RcaIoCalls;
extern const RcaIoCalls rca_io_system_calls;
const RcaIoCalls *rca_io_replace_calls (const RcaIoCalls *calls);

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
/* Gives @name of @dir a second name, in place of what had it. TRUE when there is no @name, or no second names here. */
gboolean rca_io_keep (const char *dir, const char *name, const char *as, GError **error);
/* Moves @name of @dir into its folder detached/, where it hurts nobody and is not lost. TRUE when it is not there. */
gboolean rca_io_detach (const char *dir, const char *name, GError **error);

/* For reading; -1 with RCA_STORE_ERROR_OPEN when it is not there or not allowed, RCA_STORE_ERROR_READ when the disk fails. */
int rca_io_open (const char *path, GError **error);
/* All of a small file; errors as rca_io_open(). */
GByteArray *rca_io_read_file (const char *path, GError **error);
/* Exactly @n bytes at @offset; RCA_STORE_ERROR_DAMAGED when there are fewer, RCA_STORE_ERROR_READ when the disk fails. */
gboolean rca_io_read_at (int fd, guint64 offset, gpointer data, gsize n, GError **error);

/* The one writer's lock; -1 with RCA_STORE_ERROR_LOCKED when another has it. Closing it frees it. */
int rca_io_lock (const char *dir, GError **error);
/* Says that its holder is alive: sets its time of change to now. */
void rca_io_touch (int lock);
/* A reader's lease: as long as it is held, files that the newest manifest names no more stay where they are.
 * Taken before the manifest is read; never waits for a writer's work. Closing it ends it. -1: none can be
 * had here (a folder that was never written to, or not by this user), which is no error. */
int rca_io_lease (const char *dir);
/* The same, ended when the array is freed. */
GPtrArray *rca_io_hold_lease (const char *dir);
/* The writer's side of it: -1 while any reader holds a lease; else a descriptor that keeps readers from
 * beginning until it is closed, which must be soon. */
int rca_io_no_readers (const char *dir);
/* Who holds the lock of @dir now, and when it was alive last; 0: nobody. */
gint rca_io_lock_holder (const char *dir, gint64 *alive_ns);
