// find_aws_keys(): the places where keys of AWS can be, one after the other. Each answers with keys, with
// nothing where it is not set up, or with an error where it is, and does not work. Any thread.
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/aws_credentials.h"
#include "adapters/aws_http.h"
#include "base/url_text.h"
#include "base/uuid.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Found = Result<std::optional<AwsExpiringKeys>>;

// The metadata service is on the machine itself: where it is not there, that shows at once. Where it is, it
// may be slow.
constexpr auto kMetadataPatience = 1000ms;
constexpr auto kMetadataAnswer = 5000ms;
constexpr auto kEndpointPatience = 5000ms;
constexpr const char* kContainerServer = "http://169.254.170.2";
constexpr const char* kMetadataServer = "http://169.254.169.254";

class KeySearch {
 public:
  KeySearch(const AwsEnvironment& environment, std::stop_token stop)
      : environment_(environment), stop_(std::move(stop)), profile_(read_aws_profile(environment)) {}

  Result<AwsExpiringKeys> run() {
    for (auto source : {&KeySearch::from_environment, &KeySearch::from_web_identity, &KeySearch::from_profile,
                        &KeySearch::from_container, &KeySearch::from_metadata})
      if (auto found = TRY((this->*source)())) return *std::move(found);
    return fail(ErrorKind::usage,
                "there are no AWS credentials. Tried: " + tried_ +
                    ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role.");
  }

 private:
  std::string variable(const char* name) const { return environment_(name); }
  Found none(const std::string& why) {
    tried_ += (tried_.empty() ? "" : "; ") + why;
    return std::nullopt;
  }

  Found from_environment() {
    AwsKeys keys{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                 variable("AWS_SESSION_TOKEN")};
    if (keys.access_key.empty() != keys.secret_key.empty())
      return fail(
          ErrorKind::usage,
          "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set in the environment: set both.");
    if (keys.access_key.empty()) return none("the environment (AWS_ACCESS_KEY_ID is not set)");
    return AwsExpiringKeys{std::move(keys), std::nullopt};
  }

  Found from_web_identity() {
    std::string role = variable("AWS_ROLE_ARN"), file = variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
                session = variable("AWS_ROLE_SESSION_NAME");
    if (role.empty() || file.empty()) {
      role = profile_.setting("role_arn");
      file = profile_.setting("web_identity_token_file");
      session = profile_.setting("role_session_name");
    }
    if (role.empty() || file.empty())
      return none("a web identity (AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are not set)");
    if (session.empty()) session = "sluice-" + new_uuid();
    const std::string token = TRY(content_of(file, "the web identity token"));
    const std::string body = aws_query({{"Action", "AssumeRoleWithWebIdentity"},
                                        {"Version", "2011-06-15"},
                                        {"RoleArn", role},
                                        {"RoleSessionName", session},
                                        {"WebIdentityToken", token}});
    AwsHttpRequest request{.method = "POST", .url = token_service() + "/", .body = body};
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    const std::string what = "AWS credentials for the role " + role;
    const AwsAnswer answer = TRY(ask(AwsProxy::of_environment, request, what));
    AwsExpiringKeys found{
        .keys = {element(answer.body, "AccessKeyId"), element(answer.body, "SecretAccessKey"),
                 element(answer.body, "SessionToken")},
        .expires = parse_rfc3339(element(answer.body, "Expiration"))};
    if (answer.status != 200 || found.keys.secret_key.empty())
      return refused(what, request.url, answer, element(answer.body, "Message"));
    return found;
  }

  Found from_profile() {
    AwsKeys keys{profile_.setting("aws_access_key_id"), profile_.setting("aws_secret_access_key"),
                 profile_.setting("aws_session_token")};
    if (!keys.access_key.empty() && !keys.secret_key.empty())
      return AwsExpiringKeys{std::move(keys), std::nullopt};
    const std::string where = profile_.credentials_file + " and " + profile_.config_file;
    for (const char* other : {"source_profile", "credential_process", "sso_session", "sso_start_url"})
      if (!profile_.setting(other).empty())
        return fail(
            ErrorKind::usage,
            "the AWS profile '" + profile_.name + "' takes its credentials from " + other +
                ", which this program cannot do: write keys into the profile, or into the environment "
                "(aws configure export-credentials --format env).");
    if (!variable("AWS_PROFILE").empty())
      return fail(ErrorKind::usage, "AWS_PROFILE names the profile '" + profile_.name + "', which has " +
                                        (profile_.found ? "no keys" : "no section") + " in " + where + ".");
    return none("the profile '" + profile_.name + "' in " + where + " (" +
                (profile_.found ? "it has no keys" : "it is not there") + ")");
  }

  Found from_container() {
    const std::string relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
                      full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.empty() && full.empty())
      return none("the container's endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI is not set)");
    AwsHttpRequest request{.url = relative.empty() ? full : kContainerServer + relative,
                           .answer_within = kEndpointPatience};
    if (!may_have_the_token(request.url))
      return fail(ErrorKind::usage,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI is '" + without_secrets(full) +
                      "': it has to begin with https://, or be on this machine (127.0.0.1, 169.254.170.2, "
                      "169.254.170.23).");
    std::string token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (const std::string file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty())
      token = TRY(content_of(file, "the token for the container's credentials"));
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    const std::string what = "AWS credentials of the container";
    const AwsAnswer answer = TRY(ask(AwsProxy::none, request, what));
    return from_json(what, request.url, answer);
  }

  Found from_metadata() {
    if (variable("AWS_EC2_METADATA_DISABLED") == "true")
      return none("the machine's metadata service (AWS_EC2_METADATA_DISABLED is true)");
    std::string server = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (server.empty()) server = kMetadataServer;
    while (server.ends_with('/')) server.pop_back();
    AwsHttpRequest request{.method = "PUT",
                           .url = server + "/latest/api/token",
                           .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}},
                           .connect_within = kMetadataPatience,
                           .answer_within = kMetadataAnswer};
    const std::string what = "the machine's metadata service";
    AwsAnswer session;
    auto asked = AwsHttp(AwsProxy::none).send_into(request, session, stop_);
    if (!asked && !session.reached && asked.error().kind == ErrorKind::unavailable)
      return none(what + ": " + asked.error().message);  // most machines have none
    if (!asked) return std::unexpected(std::move(asked).error().during(what));
    if (is_passing(session)) return refused(what, request.url, session, "");
    if (session.status != 200)
      return none(what + " (" + server + " answered " + std::to_string(session.status) + ")");
    request.method = "GET";
    request.headers = {{"X-aws-ec2-metadata-token", session.body}};
    request.url = server + "/latest/meta-data/iam/security-credentials/";
    const AwsAnswer roles = TRY(ask(AwsProxy::none, request, what));
    if (is_passing(roles)) return refused(what, request.url, roles, "");
    const std::string role = roles.body.substr(0, roles.body.find('\n'));
    if (roles.status != 200 || role.empty()) return none(what + " (this machine has no role)");
    request.url += percent_encoded(role);
    const AwsAnswer answer = TRY(ask(AwsProxy::none, request, what));
    return from_json("AWS credentials of this machine's role " + role, request.url, answer);
  }

  static bool is_passing(const AwsAnswer& answer) { return answer.status >= 500 || answer.status == 429; }

  Result<AwsAnswer> ask(AwsProxy proxy, const AwsHttpRequest& request, const std::string& what) const {
    auto answer = AwsHttp(proxy).send(request, stop_);
    if (!answer) return std::unexpected(std::move(answer).error().during(what));
    return answer;
  }

  static Found from_json(const std::string& what, const std::string& url, const AwsAnswer& answer) {
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    auto text = [&](const char* name) -> std::string {
      if (!json.is_object()) return "";
      const auto at = json.find(name);
      return at != json.end() && at->is_string() ? at->get<std::string>() : "";
    };
    AwsExpiringKeys found{.keys = {text("AccessKeyId"), text("SecretAccessKey"), text("Token")},
                          .expires = parse_rfc3339(text("Expiration"))};
    if (answer.status == 200 && !found.keys.access_key.empty() && !found.keys.secret_key.empty())
      return found;
    return refused(what, url, answer, text("Message") + text("message"));
  }

  static std::unexpected<Error> refused(const std::string& what, const std::string& url,
                                        const AwsAnswer& answer, const std::string& message) {
    const bool later = is_passing(answer);
    return fail(later ? ErrorKind::unavailable : ErrorKind::usage,
                what + ": " + without_secrets(url) + " answered " + std::to_string(answer.status) +
                    (message.empty() ? ", and no keys." : ": " + message),
                later);
  }

  std::string token_service() const {
    for (const char* name : {"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"})
      if (std::string url = variable(name); !url.empty()) {
        while (url.ends_with('/')) url.pop_back();
        return url;
      }
    const auto region = aws_region(environment_);
    return "https://" + (region ? aws_host("sts", *region) : "sts.amazonaws.com");
  }

  // The text of an XML element; there are no entities in keys and times.
  static std::string element(const std::string& xml, const std::string& name) {
    const std::size_t begin = xml.find("<" + name + ">");
    if (begin == std::string::npos) return "";
    const std::size_t from = begin + name.size() + 2;
    const std::size_t end = xml.find("</" + name + ">", from);
    return end == std::string::npos ? "" : xml.substr(from, end - from);
  }

  static bool may_have_the_token(std::string_view url) {
    if (url.starts_with("https://")) return true;
    if (!url.starts_with("http://")) return false;
    url.remove_prefix(7);
    url = url.substr(0, url.find_first_of("/?"));
    for (std::string_view host :
         {"127.0.0.1", "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"})
      if (url == host || (url.starts_with(host) && url[host.size()] == ':')) return !url.contains('@');
    return false;
  }

  static Result<std::string> content_of(const std::string& path, const std::string& what) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (!file || text.empty())
      return fail(ErrorKind::usage, what + " cannot be read, or is empty: the file " + path + ".");
    return text;
  }

  const AwsEnvironment& environment_;
  const std::stop_token stop_;
  const AwsProfile profile_;
  std::string tried_;
};

}  // namespace

Result<AwsExpiringKeys> find_aws_keys(const AwsEnvironment& environment, std::stop_token stop) {
  return KeySearch(environment, std::move(stop)).run();
}

}  // namespace sluice
