/* A large log read by several threads: a table source a piece, put together afterwards. */
#pragma once
#include "pieces.h"
#include "table.h"

typedef struct RcaFilesWhole RcaFilesWhole;

/* @source cut into pieces for @into; NULL when it is to be read as one. Both outlive it. */
RcaFilesWhole *rca_files_whole_cut (RcaSource *source, RcaTableSource *into, const RcaReadOptions *options);
void rca_files_whole_free (RcaFilesWhole *whole);
guint rca_files_whole_n (const RcaFilesWhole *whole);
/* Reads piece @i into rows; different ones may be read at the same time. Raw lines stay in a part that is kept open. */
void rca_files_whole_read (RcaFilesWhole *whole, guint i);
/* All rows in the table source, in their order. FALSE when the pieces do not meet: the source is to be read as one. */
gboolean rca_files_whole_join (RcaFilesWhole *whole);
