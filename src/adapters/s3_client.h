// S3Client: signed requests to one bucket, repeated where the server or the way to it fails, and what its
// answers mean to a person. Thread-safe: as many requests at once as there are callers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/aws_clock.h"
#include "adapters/aws_credentials.h"
#include "adapters/aws_http.h"
#include "adapters/s3_url.h"
#include "base/result.h"

namespace sluice {

struct S3Patience {
  int attempts = 7;  // with the waits between them: some ten seconds
  std::chrono::milliseconds first_wait{150}, longest_wait{4'000};
  // A transfer that stands still for so long has failed. The end of a large upload takes a server some time.
  std::chrono::seconds stall{60};
  std::stop_token end = {};  // ends every request, whether its caller has a token of its own or not
};

struct S3Request {
  std::string method = "GET";
  std::string key;  // of an object, as it is in the bucket; empty for the bucket itself
  AwsFields query, headers;
  std::string_view body;  // lives as long as the call
};

struct S3Answer : AwsAnswer {
  std::string code, message;  // of an error, where the server says it
  std::string region;         // where the bucket is, where the server says so

  bool ok() const { return status / 100 == 2 && code.empty(); }
  std::string header(const std::string& name) const;  // empty where there is none; names in small letters
  std::string etag() const;                           // without its quotes
};

// Counts attempts and waits between them: twice as long each time, and not all clients at the same moment.
class S3Retries {
 public:
  explicit S3Retries(const S3Patience& patience) : patience_(patience) {}
  // Waits; false where there were enough attempts, or a stop is asked for.
  bool again(const std::stop_token& callers);
  void got_on() { failed_ = 0; }  // something came of the last attempt

 private:
  const S3Patience patience_;
  int failed_ = 0;
};

// Does it not help to ask once more at once?
bool is_final(const Error& error, const S3Answer& answer);

class S3Client {
 public:
  S3Client(S3Url url, std::shared_ptr<AwsCredentials> credentials, S3Patience patience);

  // Any answer that another attempt would not change; errors are `unavailable` or `cancelled`.
  Result<S3Answer> call(const S3Request& request, const std::stop_token& stop = {});
  // One attempt. What came of an answer that broke off is in `answer`. False: another attempt may do better.
  Result<bool> attempt(const S3Request& request, S3Answer& answer, const std::stop_token& callers);
  // As call(); an answer that is none of success is an error that begins with `doing`.
  Result<S3Answer> demand(const S3Request& request, const std::string& doing,
                          const std::stop_token& stop = {});

  // What an answer that is none of success means: a sentence that begins with `doing`.
  std::unexpected<Error> failed(const S3Answer& answer, const std::string& doing) const;

  const S3Url& url() const { return url_; }
  const S3Patience& patience() const { return patience_; }

 private:
  Result<> send(const S3Request& request, const AwsKeys& keys, S3Answer& answer, const std::stop_token& stop);

  const S3Url url_;
  const std::shared_ptr<AwsCredentials> credentials_;
  const S3Patience patience_;
  AwsClock clock_;
  AwsHttp http_;
};

}  // namespace sluice
