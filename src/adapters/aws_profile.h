// What the environment and the files ~/.aws/credentials and ~/.aws/config say, as AWS's own tools read them.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/result.h"

namespace sluice {

// A variable's value; empty where it is not set.
using AwsEnvironment = std::function<std::string(const char* name)>;
AwsEnvironment environment_of_this_process();

struct AwsProfile {
  std::string name;                             // AWS_PROFILE, else "default"
  std::map<std::string, std::string> settings;  // of both files; those of credentials win
  bool found = false;
  std::string credentials_file, config_file;  // where they were looked for
  std::string setting(const std::string& name) const;
};
AwsProfile read_aws_profile(const AwsEnvironment& environment);

// AWS_REGION, AWS_DEFAULT_REGION, or that of the profile.
Result<std::string> aws_region(const AwsEnvironment& environment);
// "sqs.eu-central-1.amazonaws.com"
std::string aws_host(const std::string& service, const std::string& region);

}  // namespace sluice
