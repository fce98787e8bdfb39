/* Whether a text holds any of a few words: one pass over the text for all of them. */
#pragma once
#include "bytes.h"

#define RCA_HOLDS_ANY_WORDS  16 /* most words */
#define RCA_HOLDS_ANY_LENGTH 16 /* most bytes of a word, of which there are two at least */

gboolean rca_bytes_holds_any (RcaBytes text, const RcaBytes *words, guint n_words);
