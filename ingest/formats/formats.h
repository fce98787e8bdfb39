/* The rows of format.c's table: one a format, defined in the file of its family. */
#pragma once
#include "../format.h"

extern const RcaFormat rca_format_plain;
