/* Formats that the user names instead of letting them be sniffed (RcaReadOptions.input_format). */
#pragma once
#include "source.h"

/* The format named for @path; NULL when none is. */
const RcaFormat *rca_forced_format (const RcaReadOptions *options, const char *path);
