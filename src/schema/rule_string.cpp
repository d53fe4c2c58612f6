// The rule of string fields and their formats: default, email, uri, binary, uuid. See rule.h.
#include <unicode/bytestream.h>
#include <unicode/casemap.h>

#include <algorithm>

#include "schema/email.h"
#include "schema/rule.h"

namespace sluice {
namespace {

class TextRule : public Rule {
 public:
  using Rule::Rule;

 protected:
  bool keeps_missing_text() const final { return true; }
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const final {
    if (cell.kind != CellKind::string) [[unlikely]]
      return kind_error(cell, "text", issues);
    return check_format(cell, arena, issues);
  }
  virtual bool check_format(Cell&, Arena&, std::vector<Issue>&) const { return true; }
};

class EmailRule final : public TextRule {
 public:
  using TextRule::TextRule;

 private:
  bool check_format(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if (!is_email(cell.text())) [[unlikely]]
      return type_error(cell, shown(cell) + " is not an e-mail address.", mend_email(cell.text()), issues);
    if (normalise_ == Normalise::yes) lower(cell, arena);
    return true;
  }

  static void lower(Cell& cell, Arena& arena) {
    unsigned char upper = 0, wide = 0;
    for (char c : cell.text()) {
      upper |= static_cast<unsigned char>(c - 'A') < 26;
      wide |= static_cast<unsigned char>(c);
    }
    if (wide >= 0x80) [[unlikely]]
      return lower_unicode(cell, arena);
    if (!upper) return;
    char* to = arena.allocate(cell.size);
    std::ranges::transform(cell.text(), to, [](char c) {
      return static_cast<unsigned char>(c - 'A') < 26 ? static_cast<char>(c | 0x20) : c;
    });
    cell.data = to;
  }

  static void lower_unicode(Cell& cell, Arena& arena) {
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    UErrorCode status = U_ZERO_ERROR;
    icu::CaseMap::utf8ToLower("", 0, icu::StringPiece(cell.data, static_cast<std::int32_t>(cell.size)), sink,
                              nullptr, status);
    if (U_SUCCESS(status) && out != cell.text()) cell = Cell::string(arena.copy(out));
  }
};

bool is_alphanumeric(char c) {
  return static_cast<unsigned char>(c - '0') < 10 || static_cast<unsigned char>((c | 0x20) - 'a') < 26;
}
bool is_hex(char c) {
  return static_cast<unsigned char>(c - '0') < 10 || static_cast<unsigned char>((c | 0x20) - 'a') < 6;
}

// RFC 3986: a scheme, and only characters that may stand in a URI; a host where the scheme asks for one.
bool is_uri(std::string_view text) {
  std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      static_cast<unsigned char>((text[0] | 0x20) - 'a') >= 26)
    return false;
  for (char c : text.substr(0, colon))
    if (!is_alphanumeric(c) && c != '+' && c != '-' && c != '.') return false;
  std::string_view rest = text.substr(colon + 1);
  if (rest.empty()) return false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '%') {
      if (i + 2 >= rest.size() || !is_hex(rest[i + 1]) || !is_hex(rest[i + 2])) return false;
    } else if (!is_alphanumeric(rest[i]) && !std::string_view("-._~:/?#[]@!$&'()*+,;=").contains(rest[i])) {
      return false;
    }
  }
  std::string_view scheme = text.substr(0, colon);
  if (scheme != "http" && scheme != "https" && scheme != "ftp") return true;
  return rest.size() > 2 && rest.starts_with("//") && !std::string_view("/?#:").contains(rest[2]);
}

std::string mend_uri(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string mended;
  text = trimmed(text);
  if (text.starts_with("www.")) mended = "https://";
  for (char c : text) {
    if (static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F &&
        !std::string_view("\"<>\\^`{|}").contains(c)) {
      mended += c;
    } else {
      ((mended += '%') += kHex[static_cast<unsigned char>(c) >> 4]) += kHex[c & 15];
    }
  }
  return is_uri(mended) ? mended : std::string();
}

class UriRule final : public TextRule {
 public:
  using TextRule::TextRule;

 private:
  bool check_format(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (is_uri(cell.text())) return true;
    return type_error(cell, shown(cell) + " is not a web address (URI).", mend_uri(cell.text()), issues);
  }
};

// RFC 4648, section 4: groups of four, "=" only at the end.
bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  std::size_t end = text.size();
  while (end > 0 && text.size() - end < 2 && text[end - 1] == '=') --end;
  return std::ranges::all_of(text.substr(0, end),
                             [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; });
}

class BinaryRule final : public TextRule {
 public:
  using TextRule::TextRule;

 private:
  bool check_format(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (is_base64(cell.text())) return true;
    std::string padded(trimmed(cell.text()));
    while (padded.size() % 4 != 0) padded += '=';
    return type_error(cell, shown(cell) + " is not binary data in base64.", is_base64(padded) ? padded : "",
                      issues);
  }
};

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < 36; ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

class UuidRule final : public TextRule {
 public:
  using TextRule::TextRule;

 private:
  bool check_format(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    if (is_uuid(cell.text())) return true;
    std::string mended;  // braces and the urn: prefix taken off, dashes put where they belong
    std::string_view text = trimmed(cell.text());
    if (text.starts_with("urn:uuid:")) text.remove_prefix(9);
    for (char c : text) {
      if (mended.size() >= 36) break;
      if (is_hex(c)) mended += c;
      if (mended.size() == 8 || mended.size() == 13 || mended.size() == 18 || mended.size() == 23)
        mended += '-';
    }
    bool evident = text.size() <= 40 && is_uuid(mended) &&
                   text.find_first_not_of("0123456789abcdefABCDEF-{}") == std::string_view::npos;
    return type_error(cell, shown(cell) + " is not a UUID (8-4-4-4-12 hexadecimal digits).",
                      evident ? mended : "", issues);
  }
};

}  // namespace

RuleResult make_string_rule(const Field& field, Normalise normalise) {
  if (field.format == "email") return std::make_unique<EmailRule>(field, normalise);
  if (field.format == "uri") return std::make_unique<UriRule>(field, normalise);
  if (field.format == "binary") return std::make_unique<BinaryRule>(field, normalise);
  if (field.format == "uuid") return std::make_unique<UuidRule>(field, normalise);
  if (field.format == "default") return std::make_unique<TextRule>(field, normalise);
  return fail(ErrorKind::usage,
              "Field '" + field.name + "': type string has no format '" + field.format + "'.");
}

}  // namespace sluice
