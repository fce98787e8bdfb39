/* What a run of rca batch has read so far: one small file a piece, written whole or not at all, so
 * that a run that was ended goes on where it was. */
#pragma once
#include "archive.h"

typedef struct RcaBatchState RcaBatchState;

/* @dir: kept afterwards, for the next run; NULL: a folder of its own below the state directory, gone
 * once the run is over. Where nothing can be written, nothing is kept, and that is said. */
RcaBatchState *rca_batch_state_open (const char *dir, const RcaArchive *archive, GError **error);
/* TRUE: @piece was read before. */
gboolean rca_batch_state_load (RcaBatchState *state, RcaPiece *piece);
void rca_batch_state_save (RcaBatchState *state, const RcaPiece *piece);
/* The run is over. */
void rca_batch_state_finish (RcaBatchState *state);
void rca_batch_state_free (RcaBatchState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaBatchState, rca_batch_state_free)
