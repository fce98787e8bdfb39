/* "Did you mean …": the word of a list that is nearest to what was typed. */
#pragma once
#include <glib.h>

/* Insertions, deletions, substitutions and swaps of neighbours that turn @a into @b
 * (optimal string alignment; Damerau 1964). */
guint rca_edit_distance (const char *a, const char *b);

/* The nearest of @n words, at most a third of its letters (and two) away; NULL when none is. */
const char *rca_suggest (const char *typed, const char *const *words, guint n);
