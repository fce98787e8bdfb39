#include "suggest.h"
#include <string.h>

enum { LONGEST = 40 };

guint
rca_edit_distance (const char *a, const char *b)
{
  gsize n = strlen (a), m = strlen (b);
  guint d[LONGEST + 1][LONGEST + 1];
  if (n > LONGEST || m > LONGEST)
    return G_MAXUINT;
  for (guint i = 0; i <= n; i++)
    d[i][0] = i;
  for (guint j = 0; j <= m; j++)
    d[0][j] = j;
  for (guint i = 1; i <= n; i++)
    for (guint j = 1; j <= m; j++)
      {
        guint change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
        d[i][j] = MIN (change, MIN (d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          d[i][j] = MIN (d[i][j], d[i - 2][j - 2] + 1);
      }
  return d[n][m];
}

const char *
rca_suggest (const char *typed, const char *const *words, guint n)
{
  const char *best = NULL;
  guint least = G_MAXUINT;
  for (guint i = 0; i < n; i++)
    {
      guint distance = rca_edit_distance (typed, words[i]);
      guint allowed = MIN (2, MAX (1, (guint) strlen (words[i]) / 3));
      if (distance <= allowed && distance < least)
        {
          best = words[i];
          least = distance;
        }
    }
  return best;
}
