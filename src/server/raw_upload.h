// A file as the body of one request, or {"blob": …} in its place.
#pragma once

#include "server/accept_file.h"
#include "server/routes_uploads.h"

namespace sluice {

Result<std::unique_ptr<RequestSink>> open_raw_upload(Service& service, const UploadRules& rules,
                                                     FileRequest asked);

}  // namespace sluice
