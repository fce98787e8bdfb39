/* Files that are no text. */
#pragma once
#include "bytes.h"

/* Has control characters in numbers that no text has. */
gboolean rca_binary_looks_so (RcaBytes head);
/* "a picture", "a binary journal: give …"; NULL when it is not known what it is. */
const char *rca_binary_kind (RcaBytes head);
