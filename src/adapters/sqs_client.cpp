#include "adapters/sqs_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using SqsJson = nlohmann::json;

constexpr std::size_t kMostInBatch = 10;  // what SQS takes with one request
constexpr auto kLongestSqsWait = 20s;     // likewise
constexpr auto kSqsAnswer = 20s;          // beyond what is waited for
// Single messages of a batch that SQS could not take are sent again so often.
constexpr int kBatchAttempts = 5;
constexpr auto kBatchPause = 100ms;

std::string text_in(const SqsJson& object, const char* name) {
  if (!object.is_object()) return "";
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

SqsAttributes texts_in(const SqsJson& object, const char* name) {
  SqsAttributes texts;
  if (const auto at = object.find(name); at != object.end() && at->is_object())
    for (auto text = at->begin(); text != at->end(); ++text)
      if (text->is_string()) texts[text.key()] = text->get<std::string>();
  return texts;
}

// What says that a message is not there any more, or not its receiver's.
bool says_gone(std::string_view action, std::string_view code) {
  return (action == "ChangeMessageVisibility" || action == "DeleteMessageBatch") &&
         (code.ends_with("MessageNotInflight") || code == "ReceiptHandleIsInvalid" ||
          code == "InvalidParameterValue");
}

}  // namespace

SqsClient::SqsClient(const SqsUrl& url, std::shared_ptr<AwsCredentials> credentials, AwsPatience patience)
    : host_(url.host),
      client_({.region = url.region, .service = "sqs"}, url.scheme, std::move(credentials), patience) {}

Error SqsClient::error_of(std::string_view action, const AwsFault& fault, int status) const {
  const std::string said = fault.message.empty() ? fault.code : fault.message + " (" + fault.code + ")";
  if (fault.code.ends_with("QueueDoesNotExist") || fault.code.ends_with("NonExistentQueue"))
    return {ErrorKind::not_found,
            "SQS has no such queue in " + client_.scope().region +
                ", or does not show it to these credentials: " + said,
            false};
  if (auto refused = aws_access_error(fault, client_.scope())) return *std::move(refused);
  const std::string message = "SQS (" + host_ + ") answered: " + said;
  if (says_gone(action, fault.code)) return {ErrorKind::conflict, message, false};
  const bool later = status >= 500 || status == 429 || fault.code.contains("Throttl") ||
                     fault.code.ends_with("QueueDeletedRecently");
  return {later ? ErrorKind::unavailable : ErrorKind::usage, message, later};
}

Result<SqsJson> SqsClient::call(const std::string& action, const SqsJson& request, std::chrono::seconds extra,
                                std::stop_token stop) {
  const AwsRequest sent{
      .method = "POST",
      .host = host_,
      .headers = {{"X-Amz-Target", "AmazonSQS." + action}, {"Content-Type", "application/x-amz-json-1.0"}}};
  const std::string body = request.dump(-1, ' ', false, SqsJson::error_handler_t::replace);
  auto answer = client_.call(sent, body, kSqsAnswer + extra, std::move(stop));
  if (!answer && answer.error().kind == ErrorKind::unavailable)
    return std::unexpected(std::move(answer).error().during("SQS"));
  if (!answer) return std::unexpected(std::move(answer).error());
  if (answer->status != 200) return std::unexpected(error_of(action, aws_fault(*answer), answer->status));
  SqsJson json = answer->body.empty() ? SqsJson::object() : SqsJson::parse(answer->body, nullptr, false);
  if (json.is_object()) return json;
  return fail(ErrorKind::usage, host_ + " does not speak SQS's JSON protocol: is it the right endpoint?");
}

Result<std::string> SqsClient::find(const std::string& queue, const std::string& account) {
  SqsJson request{{"QueueName", queue}};
  if (!account.empty()) request["QueueOwnerAWSAccountId"] = account;
  auto answer = call("GetQueueUrl", request);
  if (!answer) return std::unexpected(std::move(answer).error().during("the queue " + queue));
  return text_in(*answer, "QueueUrl");
}

Result<std::string> SqsClient::create(const std::string& queue, const SqsAttributes& attributes) {
  auto answer = call("CreateQueue", {{"QueueName", queue}, {"Attributes", attributes}});
  if (!answer) return std::unexpected(std::move(answer).error().during("make the queue " + queue));
  return text_in(*answer, "QueueUrl");
}

// Entries whose trouble is the server's are sent again; the others' error is the caller's.
Result<> SqsClient::call_in_batches(const std::string& action, const std::string& queue_url,
                                    std::vector<SqsJson> entries) {
  for (std::size_t id = 0; id < entries.size(); ++id) entries[id]["Id"] = std::to_string(id);
  for (int attempt = 1; !entries.empty(); ++attempt) {
    std::vector<SqsJson> again;
    Error last;
    for (std::size_t first = 0; first < entries.size(); first += kMostInBatch) {
      const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = begin + static_cast<std::ptrdiff_t>(std::min(kMostInBatch, entries.size() - first));
      const SqsJson answer =
          TRY(call(action, {{"QueueUrl", queue_url}, {"Entries", std::vector<SqsJson>(begin, end)}}));
      const auto failed = answer.find("Failed");
      if (failed == answer.end() || !failed->is_array()) continue;
      for (const SqsJson& one : *failed) {
        const AwsFault fault{text_in(one, "Code"), text_in(one, "Message")};
        const auto senders = one.find("SenderFault");
        const bool is_senders = senders != one.end() && senders->is_boolean() && senders->get<bool>();
        last = error_of(action, fault, is_senders ? 400 : 500);
        if (last.kind == ErrorKind::conflict) continue;
        if (is_senders && !last.retryable) return std::unexpected(std::move(last));
        const auto entry = std::find_if(
            begin, end, [&](const SqsJson& sent) { return text_in(sent, "Id") == text_in(one, "Id"); });
        if (entry != end) again.push_back(*entry);
      }
    }
    if (again.empty()) break;
    if (attempt == kBatchAttempts) return std::unexpected(std::move(last));
    std::this_thread::sleep_for(kBatchPause * attempt);
    entries = std::move(again);
  }
  return {};
}

Result<> SqsClient::send(const std::string& queue_url, std::span<const SqsOutgoing> messages) {
  std::vector<SqsJson> entries;
  for (const SqsOutgoing& message : messages) {
    SqsJson& entry = entries.emplace_back(SqsJson{{"MessageBody", message.body}});
    if (!message.group.empty()) entry["MessageGroupId"] = message.group;
    if (!message.deduplication_id.empty()) entry["MessageDeduplicationId"] = message.deduplication_id;
  }
  return call_in_batches("SendMessageBatch", queue_url, std::move(entries));
}

Result<std::vector<SqsIncoming>> SqsClient::receive(const std::string& queue_url, int most,
                                                    std::chrono::seconds hold, std::chrono::seconds wait,
                                                    std::stop_token stop) {
  wait = std::min<std::chrono::seconds>(wait, kLongestSqsWait);
  const SqsJson answer = TRY(call("ReceiveMessage",
                                  {{"QueueUrl", queue_url},
                                   {"MaxNumberOfMessages", most},
                                   {"VisibilityTimeout", hold.count()},
                                   {"WaitTimeSeconds", wait.count()}},
                                  wait, std::move(stop)));
  std::vector<SqsIncoming> messages;
  if (const auto list = answer.find("Messages"); list != answer.end() && list->is_array())
    for (const SqsJson& message : *list)
      messages.push_back({text_in(message, "Body"), text_in(message, "ReceiptHandle")});
  return messages;
}

Result<> SqsClient::remove(const std::string& queue_url, std::span<const std::string> receipts) {
  std::vector<SqsJson> entries;
  for (const std::string& receipt : receipts) entries.push_back({{"ReceiptHandle", receipt}});
  return call_in_batches("DeleteMessageBatch", queue_url, std::move(entries));
}

Result<> SqsClient::change_visibility(const std::string& queue_url, const std::string& receipt,
                                      std::chrono::seconds hidden) {
  (void)TRY(
      call("ChangeMessageVisibility",
           {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt}, {"VisibilityTimeout", hidden.count()}}));
  return {};
}

Result<SqsAttributes> SqsClient::attributes(const std::string& queue_url) {
  return texts_in(
      TRY(call("GetQueueAttributes", {{"QueueUrl", queue_url}, {"AttributeNames", SqsJson::array({"All"})}})),
      "Attributes");
}

Result<SqsAttributes> SqsClient::tags(const std::string& queue_url) {
  return texts_in(TRY(call("ListQueueTags", {{"QueueUrl", queue_url}})), "Tags");
}

Result<> SqsClient::tag(const std::string& queue_url, const std::string& key, const std::string& value) {
  (void)TRY(call("TagQueue", {{"QueueUrl", queue_url}, {"Tags", {{key, value}}}}));
  return {};
}

Result<> SqsClient::untag(const std::string& queue_url, const std::string& key) {
  (void)TRY(call("UntagQueue", {{"QueueUrl", queue_url}, {"TagKeys", SqsJson::array({key})}}));
  return {};
}

Result<> SqsClient::move_back(const std::string& dead_letter_arn) {
  (void)TRY(call("StartMessageMoveTask", {{"SourceArn", dead_letter_arn}}));
  return {};
}

}  // namespace sluice
