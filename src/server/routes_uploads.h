// The routes by which files come in: forms, raw bodies, files that are there already, corrected reports, and
// resumable uploads (tus 1.0). Each streams into a blob and answers when blob and job are durable.
#pragma once

#include <cstdint>
#include <string>

#include "jobs/service.h"
#include "server/routes.h"
#include "server/upload_sink.h"

namespace sluice {

struct UploadRules {
  std::string blobs_url;                       // setting `blobs`: what {"blob": …} may name
  std::uint64_t most_bytes = 100'000'000'000;  // of one file; the transport holds single bodies to it, too
  std::uint64_t reserve_bytes = kReserveBytes;
};

// `service` outlives the table.
void add_upload_routes(Routes& routes, Service& service, const UploadRules& rules);

}  // namespace sluice
