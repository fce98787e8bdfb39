/* OTLP's protobuf bodies (POST /v1/logs) told as its JSON, so that one decoder reads both. */
#pragma once
#include "bytes.h"

/* Appends the JSON of the ExportLogsServiceRequest @message to @out. FALSE when it is none: a tag, length or depth that
 * does not fit, no resource logs, or bytes left over. @out then holds a part. */
gboolean rca_otlp_json_of_proto (RcaBytes message, GString *out);
