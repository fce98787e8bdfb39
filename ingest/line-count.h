/* How many lines stand before a place in a large file: counted by threads of their own before anybody
 * asks, as somebody may, and by whoever asks where they have not come to yet. */
#pragma once
#include <glib.h>

typedef struct RcaLineCount RcaLineCount;

RcaLineCount *rca_line_count_new (void);
/* Ends the threads, whatever they are at. */
void rca_line_count_free (RcaLineCount *count);

/* The line feeds in the first @bytes of the open file @fd, which stays the caller's and open as long as @count lives.
 * Returns its number. Not once it was started. */
guint rca_line_count_add (RcaLineCount *count, int fd, guint64 bytes);
/* Begins to count with @n_threads; 0: only when asked. */
void rca_line_count_start (RcaLineCount *count, guint n_threads);
/* Waits for file number @i. */
guint64 rca_line_count_get (RcaLineCount *count, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaLineCount, rca_line_count_free)
