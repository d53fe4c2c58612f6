#include "adapters/aws_profile.h"

#include <cstdlib>
#include <fstream>
#include <string_view>

namespace sluice {
namespace {

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

// "[profile name]" in one file, "[name]" in the other; of the name "default" both.
bool names_profile(std::string_view section, const std::string& profile) {
  section = without_blanks(section);
  if (section == profile) return true;
  if (!section.starts_with("profile")) return false;
  section = without_blanks(section.substr(7));
  if (section.size() >= 2 && section.front() == '"' && section.back() == '"')
    section = section.substr(1, section.size() - 2);
  return section == profile;
}

void read_profile_file(const std::string& path, AwsProfile& profile) {
  std::ifstream file(path);
  bool ours = false;
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = without_blanks(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      ours = text.back() == ']' && names_profile(text.substr(1, text.size() - 2), profile.name);
      profile.found = profile.found || ours;
      continue;
    }
    const std::size_t equals = text.find('=');
    // What is indented belongs to the setting above it ("s3 =").
    if (!ours || equals == std::string_view::npos || line.front() == ' ' || line.front() == '\t') continue;
    profile.settings.try_emplace(std::string(without_blanks(text.substr(0, equals))),
                                 without_blanks(text.substr(equals + 1)));
  }
}

}  // namespace

AwsEnvironment environment_of_this_process() {
  return [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
}

std::string AwsProfile::setting(const std::string& wanted) const {
  const auto at = settings.find(wanted);
  return at == settings.end() ? "" : at->second;
}

AwsProfile read_aws_profile(const AwsEnvironment& environment) {
  auto either = [&](const char* variable, const std::string& otherwise) {
    std::string value = environment(variable);
    return value.empty() ? otherwise : value;
  };
  AwsProfile profile;
  profile.name = either("AWS_PROFILE", "default");
  profile.credentials_file = either("AWS_SHARED_CREDENTIALS_FILE", environment("HOME") + "/.aws/credentials");
  profile.config_file = either("AWS_CONFIG_FILE", environment("HOME") + "/.aws/config");
  read_profile_file(profile.credentials_file, profile);
  read_profile_file(profile.config_file, profile);
  return profile;
}

Result<std::string> aws_region(const AwsEnvironment& environment) {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string region = environment(variable); !region.empty()) return region;
  const AwsProfile profile = read_aws_profile(environment);
  if (std::string region = profile.setting("region"); !region.empty()) return region;
  return fail(
      ErrorKind::usage,
      "the AWS region is not known: neither the URL (?region=eu-central-1) nor AWS_REGION names it, nor "
      "does the profile '" +
          profile.name + "' in " + profile.config_file + ".");
}

std::string aws_host(const std::string& service, const std::string& region) {
  return service + "." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace sluice
