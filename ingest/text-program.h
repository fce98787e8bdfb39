/* Servers whose own logs have the shape of an application's: whose words they are, tells the stream. */
#pragma once
#include "format.h"

/* The stream of a text log by what its server is known to write; RCA_STREAM_APP when nothing tells. */
RcaStream rca_text_program_stream (const RcaSampleLines *sample);
