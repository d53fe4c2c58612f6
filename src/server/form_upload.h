// A form (multipart/form-data) with one file and the job's options as fields, in any order.
#pragma once

#include "server/accept_file.h"
#include "server/routes_uploads.h"

namespace sluice {

Result<std::unique_ptr<RequestSink>> open_form_upload(Service& service, const UploadRules& rules,
                                                      FileRequest asked);

}  // namespace sluice
