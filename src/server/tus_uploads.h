// Resumable uploads (tus 1.0): made, asked for, gone on with, ended, and turned into jobs when they are
// whole. How far each is, the store knows; its bytes are an unfinished blob; here is who is writing just now.
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "jobs/service.h"
#include "server/routes_uploads.h"
#include "server/tus_session.h"

namespace sluice {

class TusUploads {
 public:
  TusUploads(Service& service, UploadRules rules) : service_(service), rules_(std::move(rules)) {}

  // POST; the body may be its first bytes.
  Result<std::unique_ptr<RequestSink>> create(const Request& request);
  // PATCH, and what stands in for it or for DELETE (X-HTTP-Method-Override).
  Result<std::unique_ptr<RequestSink>> go_on(const Request& request);
  Result<std::unique_ptr<RequestSink>> overridden(const Request& request);
  Result<Response> ask(const Request& request);  // HEAD and GET
  Result<Response> end(const Request& request);  // DELETE
  Result<Response> options(const Request& request) const;

 private:
  // 404 where there is none of this tenant's, 410 where its time is over.
  Result<Upload> find(const Request& request);
  std::shared_ptr<TusSlot> slot_of(const std::string& id);
  Result<> claim(TusSlot& slot);  // nobody writes any more; 423 where somebody does
  Result<std::shared_ptr<TusSession>> begin_session(const Request& request, TusSlot& slot, Upload upload);

  Service& service_;
  const UploadRules rules_;
  std::mutex mutex_;  // slots_
  std::map<std::string, std::weak_ptr<TusSlot>> slots_;
};

// A sink that has its answer already.
std::unique_ptr<RequestSink> answer_without_body(Response response);

void add_tus_routes(Routes& routes, Service& service, const UploadRules& rules);

}  // namespace sluice
