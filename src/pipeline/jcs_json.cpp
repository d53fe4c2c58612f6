// A whole JSON text in RFC 8785 form: cells that hold objects and arrays. simdjson takes the text apart;
// numbers are taken as the text that was written and never pass through a double.
#include <simdjson.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/decimal.h"
#include "pipeline/jcs.h"
#include "rows/issue.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;
static_assert(Buffer::kPadding >= simdjson::SIMDJSON_PADDING);

constexpr int kDeepest = 128;
// A thread keeps its parser, unless the text was larger than rows are by default (limits.row_bytes).
constexpr std::size_t kKeptParserBytes = 2 << 20;

class Canonicalizer {
 public:
  explicit Canonicalizer(std::string& out) : out_(out) {}

  // False: problem() says why.
  bool value(ondemand::value value, int depth) {
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return broken(error);
    switch (type) {
      case ondemand::json_type::object: return object(value, depth + 1);
      case ondemand::json_type::array: return array(value, depth + 1);
      case ondemand::json_type::string: return string(value.get_string());
      default: return scalar(value);
    }
  }
  bool broken(simdjson::error_code error) {
    switch (error) {
      case simdjson::UTF8_ERROR: return fails("it is not valid UTF-8");
      case simdjson::UNCLOSED_STRING: return fails("a string is not closed");
      case simdjson::STRING_ERROR:
        return fails("a string has a wrong \\ escape, or half of a surrogate pair");
      case simdjson::UNESCAPED_CHARS: return fails("a string has a control character that is not escaped");
      case simdjson::EMPTY: return fails("it is empty");
      default: return fails("a comma, a colon or a bracket is missing, or stands where none may be");
    }
  }
  bool fails(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  const std::string& problem() const { return problem_; }

 private:
  struct Member {
    std::string_view name;
    std::size_t begin, end;  // of "name":value in out_
  };

  bool string(simdjson::simdjson_result<std::string_view> result) {
    std::string_view text;
    if (auto error = std::move(result).get(text)) return broken(error);
    if (!is_storable(text)) return false;
    append_jcs_string(out_, text);
    return true;
  }

  bool is_storable(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return fails("a string contains the character U+0000");
    // The text was valid UTF-8, so that a surrogate can only come from a \uD800 that stands alone.
    for (std::size_t at = 0; (at = text.find('\xED', at)) != std::string_view::npos; ++at)
      if (static_cast<unsigned char>(text[at + 1]) >= 0xA0)
        return fails("a string contains half of a surrogate pair");
    return true;
  }

  bool scalar(ondemand::value& value) {
    std::string_view token = value.raw_json_token();
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (token == "true" || token == "false" || token == "null") {
      out_.append(token);
    } else if (!is_json_number(token)) {
      return fails("'" + shown_value(token, 40) + "' is no JSON value");
    } else if (std::string scratch; !canonical_decimal(token, scratch)) {
      return fails("the number '" + shown_value(token, 40) + "' has too large an exponent");
    } else {
      append_jcs_number(out_, token);
    }
    return true;  // the array or object around it steps over the token
  }

  bool array(ondemand::value& value, int depth);
  bool object(ondemand::value& value, int depth);

  std::string& out_;
  std::string problem_;
};

bool Canonicalizer::array(ondemand::value& value, int depth) {
  if (depth > kDeepest) return fails("it is nested deeper than " + std::to_string(kDeepest) + " levels");
  ondemand::array elements;
  if (auto error = value.get_array().get(elements)) return broken(error);
  out_ += '[';
  bool first = true;
  for (simdjson::simdjson_result<ondemand::value> result : elements) {
    ondemand::value element;
    if (auto error = std::move(result).get(element)) return broken(error);
    if (!std::exchange(first, false)) out_ += ',';
    if (!this->value(element, depth)) return false;
  }
  out_ += ']';
  return true;
}

// Members are written as they come. Only where they turn out to be in another order they are written again.
bool Canonicalizer::object(ondemand::value& value, int depth) {
  if (depth > kDeepest) return fails("it is nested deeper than " + std::to_string(kDeepest) + " levels");
  ondemand::object fields;
  if (auto error = value.get_object().get(fields)) return broken(error);
  std::vector<Member> members;
  out_ += '{';
  const std::size_t begin = out_.size();
  for (simdjson::simdjson_result<ondemand::field> result : fields) {
    ondemand::field field;
    if (auto error = std::move(result).get(field)) return broken(error);
    std::string_view name;
    if (auto error = field.unescaped_key().get(name)) return broken(error);
    if (!is_storable(name)) return false;
    if (!members.empty()) out_ += ',';
    std::size_t at = out_.size();
    append_jcs_string(out_, name);
    out_ += ':';
    if (!this->value(field.value(), depth)) return false;
    members.push_back({name, at, out_.size()});
  }
  auto before = [](const Member& a, const Member& b) { return jcs_less(a.name, b.name); };
  if (!std::is_sorted(members.begin(), members.end(), before)) {
    std::string as_read = out_.substr(begin);
    std::sort(members.begin(), members.end(), before);
    out_.resize(begin);
    for (const Member& member : members) {
      if (out_.size() != begin) out_ += ',';
      out_.append(as_read, member.begin - begin, member.end - member.begin);
    }
  }
  auto same = [](const Member& a, const Member& b) { return a.name == b.name; };
  auto twice = std::adjacent_find(members.begin(), members.end(), same);
  if (twice != members.end())
    return fails("the member '" + shown_value(twice->name, 80) + "' stands there twice");
  out_ += '}';
  return true;
}

// The text stands in brackets, so that its outermost value is an element like any other.
bool canonicalize(Canonicalizer& canonicalizer, ondemand::parser& parser, Buffer& buffer,
                  std::string_view json) {
  buffer.resize(0);
  buffer.reserve(json.size() + 2);
  buffer.append("[");
  buffer.append(json);
  buffer.append("]");
  ondemand::document document;
  ondemand::array elements;
  simdjson::padded_string_view padded(buffer.data(), buffer.size(), buffer.capacity() + Buffer::kPadding);
  if (auto error = parser.iterate(padded).get(document)) return canonicalizer.broken(error);
  if (auto error = document.get_array().get(elements)) return canonicalizer.broken(error);
  int count = 0;
  for (simdjson::simdjson_result<ondemand::value> result : elements) {
    ondemand::value value;
    if (auto error = std::move(result).get(value)) return canonicalizer.broken(error);
    if (++count > 1) return canonicalizer.fails("something follows after its end");
    if (!canonicalizer.value(value, 0)) return false;
  }
  if (count == 0) return canonicalizer.broken(simdjson::EMPTY);
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return canonicalizer.fails("something follows after its end");
  return true;
}

}  // namespace

Result<> append_jcs_json(std::string& out, std::string_view json) {
  const std::size_t before = out.size();
  Canonicalizer canonicalizer(out);
  bool done;
  if (json.size() <= kKeptParserBytes) {
    thread_local ondemand::parser parser;
    thread_local Buffer buffer;
    done = canonicalize(canonicalizer, parser, buffer, json);
  } else {
    ondemand::parser parser;
    Buffer buffer;
    done = canonicalize(canonicalizer, parser, buffer, json);
  }
  if (done) return {};
  out.resize(before);
  return fail(ErrorKind::input, "This is not valid JSON: " + canonicalizer.problem() + ".");
}

}  // namespace sluice
