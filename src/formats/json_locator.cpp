#include "formats/json_locator.h"

#include <utility>

#include "base/buffer.h"
#include "formats/json_scanner.h"
#include "rows/issue.h"

namespace sluice {
namespace {

constexpr std::size_t kNameBytes = 64 * 1024;  // of a member's name or a number on the way to the rows
constexpr std::size_t kLocatorDepth = 1024;
constexpr std::size_t kCandidates = 8;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

Result<std::vector<std::string>> JsonLocator::tokens_of(const std::string& pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer.front() != '/')
    return fail(ErrorKind::usage,
                "The pointer \"" + pointer + "\" must begin with / (RFC 6901), as in \"/" + pointer + "\".");
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      tokens.emplace_back();
    } else if (pointer[i] != '~') {
      tokens.back() += pointer[i];
    } else {
      const char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
      if (next != '0' && next != '1')
        return fail(ErrorKind::usage,
                    "In the pointer \"" + pointer + "\" a ~ must be written ~0 (and / in a name ~1).");
      tokens.back() += next == '0' ? '~' : '/';
      ++i;
    }
  }
  return tokens;
}

std::string JsonLocator::escaped_token(std::string_view name) {
  std::string token;
  for (char c : name) {
    if (c == '~')
      token += "~0";
    else if (c == '/')
      token += "~1";
    else
      token += c;
  }
  return token;
}

Result<bool> JsonLocator::push(std::string_view bytes) {
  for (const char c : bytes) {
    if (in_ == In::scalar &&
        (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      TRY(end_scalar());
    }
    bool found = false;
    if (in_ == In::text) {
      TRY(text(c));
    } else if (in_ == In::scalar) {
      token_ += c;
      if (token_.size() > kNameBytes) return broken("a number is too long");
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      found = TRY(structure(c));
    }
    ++at_.offset;
    if (c == '\r' || (c == '\n' && !after_cr_)) ++at_.line;
    after_cr_ = c == '\r';
    if (found) return true;
  }
  return false;
}

Result<bool> JsonLocator::structure(char c) {
  switch (state_) {
    case State::value: return begin_value(c);
    case State::first_element:
      if (c == ']') break;
      return begin_value(c);
    case State::first_name:
    case State::name:
      if (c == '"') {
        in_ = In::text;
        text_is_name_ = true;
        token_.clear();
        return false;
      }
      if (c == '}' && state_ == State::first_name) break;
      return broken("the name of a member in \" is expected, but there is " + shown_value({&c, 1}));
    case State::colon:
      if (c != ':') return broken("a colon is expected, but there is " + shown_value({&c, 1}));
      state_ = State::value;
      return false;
    case State::behind_value: break;
    case State::done:
      return broken("the document must end behind its value, but there is " + shown_value({&c, 1}));
  }
  TRY(end_value(c));
  return false;
}

// A comma or closing bracket.
Result<> JsonLocator::end_value(char c) {
  Frame& frame = frames_.back();
  if (c == (frame.is_object ? '}' : ']')) {
    frames_.pop_back();
    state_ = frames_.empty() ? State::done : State::behind_value;
    return {};
  }
  if (c != ',' || state_ != State::behind_value)
    return broken(std::string("a comma or ") + (frame.is_object ? "}" : "]") + " is expected, but there is " +
                  shown_value({&c, 1}));
  ++frame.index;
  state_ = frame.is_object ? State::name : State::value;
  return {};
}

bool JsonLocator::value_on_path() const {
  if (frames_.empty()) return true;
  const Frame& frame = frames_.back();
  if (!frame.on_path || frames_.size() > tokens_.size()) return false;
  const std::string& token = tokens_[frames_.size() - 1];
  return frame.is_object ? frame.name == token : std::to_string(frame.index) == token;
}

std::string JsonLocator::pointer_here() const {
  std::string pointer;
  for (const Frame& frame : frames_)
    pointer += '/' + (frame.is_object ? escaped_token(frame.name) : std::to_string(frame.index));
  return pointer;
}

Result<bool> JsonLocator::begin_value(char c) {
  const bool on_path = value_on_path();
  const bool is_target = on_path && frames_.size() == tokens_.size();
  if (frames_.empty()) root_ = c;
  if ((c == '{' || c == '[') && state_ == State::first_element && candidates_.size() < kCandidates) {
    bool by_names = true;  // an array in an array is no table by itself
    for (std::size_t i = 0; i + 1 < frames_.size(); ++i) by_names = by_names && frames_[i].is_object;
    if (by_names) {
      std::string here = pointer_here();
      candidates_.push_back(here.substr(0, here.rfind('/')));
    }
  }
  if (is_target && c == '[') return true;
  if (is_target && !frames_.empty())
    return fail(ErrorKind::input, "At " + pointer_here() + " of the document (line " +
                                      std::to_string(at_.line) +
                                      ") stands no array; the rows must be the elements of an array.");
  if (c == '{' || c == '[') {
    if (frames_.size() >= kLocatorDepth) return broken("the document is nested too deep");
    frames_.push_back({.is_object = c == '{', .on_path = on_path});
    state_ = c == '{' ? State::first_name : State::first_element;
  } else if (c == '"') {
    in_ = In::text;
    text_is_name_ = false;
  } else if (c == '-' || (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n') {
    in_ = In::scalar;
    token_ = c;
  } else {
    return broken("a value is expected, but there is " + shown_value({&c, 1}));
  }
  return false;
}

Result<> JsonLocator::text(char c) {
  if (static_cast<unsigned char>(c) < 0x20)
    return broken("a text must have no control characters other than as escapes");
  if (hex_left_ != 0) {
    if (!is_hex(c)) return broken("four hexadecimal digits are expected after \\u");
    --hex_left_;
  } else if (escape_) {
    escape_ = false;
    if (c == 'u')
      hex_left_ = 4;
    else if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos)
      return broken("an escape in a text is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
  } else if (c == '\\') {
    escape_ = true;
  } else if (c == '"') {
    in_ = In::nothing;
    if (text_is_name_) frames_.back().name = unescape_json(std::exchange(token_, {}));
    state_ = text_is_name_ ? State::colon : frames_.empty() ? State::done : State::behind_value;
    return {};
  }
  if (text_is_name_) {
    token_ += c;
    if (token_.size() > kNameBytes) return broken("the name of a member is too long");
  }
  return {};
}

Result<> JsonLocator::end_scalar() {
  const Buffer copy{std::string_view(token_)};
  JsonScanner scanner(JsonScanner::Space::document);
  scanner.begin(copy.data() + copy.size());
  JsonValue value;
  const char* behind = scanner.value(copy.data(), value);
  if (behind != copy.data() + copy.size())
    return broken(shown_value(token_) + " is no value (a text in \", a number, true, false, null, { or [)");
  in_ = In::nothing;
  state_ = frames_.empty() ? State::done : State::behind_value;
  return {};
}

std::unexpected<Error> JsonLocator::broken(const std::string& what) const {
  return fail(ErrorKind::input, "The JSON document is broken on line " + std::to_string(at_.line) +
                                    " (byte " + std::to_string(at_.offset + 1) + "): " + what + ".");
}

Error JsonLocator::not_found(bool document_ended) const {
  if (document_ended && in_ == In::scalar && frames_.empty()) {
    JsonLocator copy = *this;
    if (auto problem = copy.end_scalar(); !problem) return problem.error();
    return copy.not_found(true);
  }
  if (document_ended && root_ == '\0')
    return {ErrorKind::input, "There is no JSON in it: it holds white space at most."};
  if (document_ended && state_ != State::done)
    return broken("the document ends in the middle of a value").error();
  std::string message;
  if (!tokens_.empty()) {
    for (const std::string& token : tokens_) message += '/' + escaped_token(token);
    message = "The document has nothing at " + message;
  } else {
    message = root_ == '{' ? "The document is an object, not an array of rows"
                           : "The document is a single value, not an array of rows";
  }
  if (candidates_.empty())
    return {ErrorKind::input,
            message +
                ", and no array of objects was seen in it. Rows are the elements of an array, [{…}, {…}], "
                "or one object a line (format: ndjson)."};
  message += "; its rows are perhaps under ";
  for (std::size_t i = 0; i < candidates_.size(); ++i)
    message += (i == 0 ? "" : ", ") +
               (candidates_[i].empty() ? std::string("\"\" (the document itself)") : candidates_[i]);
  return {ErrorKind::input, message + ": set source.pointer to it."};
}

}  // namespace sluice
