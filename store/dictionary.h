/* Strings kept once: bytes to a small number and back.
 *
 * Id 0 is the empty string (a row without a value). Ids are given in the order of
 * first appearance, so the same rows give the same ids. */
#pragma once
#include "bytes.h"

typedef struct RcaDictionary RcaDictionary;

RcaDictionary *rca_dictionary_new (void);
/* For request and trace ids: 32 lower case hexadecimal digits are kept as the 16 bytes that they stand for, and
 * become text when it is asked for (so not from two threads). */
RcaDictionary *rca_dictionary_new_ids (void);
/* The id of the text that @id stands for; of a dictionary for ids. */
guint32 rca_dictionary_intern_id (RcaDictionary *dictionary, const guint8 id[16]);
void rca_dictionary_free (RcaDictionary *dictionary);
/* The id of @bytes, which is added when it is new. */
guint32 rca_dictionary_intern (RcaDictionary *dictionary, RcaBytes bytes);
/* Where the id of what @key stands for (a number that was printed) may be noted, so that it is not printed again: 0 when
 * it is not. The note is good for one text a key, and may be overwritten by another. */
guint32 *rca_dictionary_note (RcaDictionary *dictionary, guint64 key);
/* Adds @bytes (not empty) without looking whether it is there: for a column that is known by its texts alone, and is
 * compared with something soon. find() and intern() may not know it. */
guint32 rca_dictionary_append (RcaDictionary *dictionary, RcaBytes bytes);
/* The ids here of all that @from holds, by its own id; @from's size many, transfer full. */
guint32 *rca_dictionary_merge (RcaDictionary *dictionary, const RcaDictionary *from);
/* The id of @bytes, or 0 when it is not there. */
guint32 rca_dictionary_find (const RcaDictionary *dictionary, RcaBytes bytes);
guint32 rca_dictionary_size (const RcaDictionary *dictionary); /* ids are below it */
RcaBytes rca_dictionary_bytes (const RcaDictionary *dictionary, guint32 id);
/* NUL-terminated; good as long as the dictionary. */
const char *rca_dictionary_string (const RcaDictionary *dictionary, guint32 id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcaDictionary, rca_dictionary_free)
