/* A bump allocator that is emptied after each record or batch. */
#pragma once
#include "bytes.h"

typedef struct RcaArena RcaArena;

RcaArena *rca_arena_new (void);
void rca_arena_free (RcaArena *arena);
void rca_arena_reset (RcaArena *arena); /* keeps the largest block */
gpointer rca_arena_alloc (RcaArena *arena, gsize n); /* 8-byte aligned, not cleared */
RcaBytes rca_arena_copy (RcaArena *arena, RcaBytes bytes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaArena, rca_arena_free)
