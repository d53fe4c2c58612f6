#include "formats/csv_rules.h"

#include <algorithm>

namespace sluice {

CsvRules::CsvRules(const ReadPlan& plan) : CsvRules(plan.csv, plan.columns.size(), plan.row_bytes) {}

CsvRules::CsvRules(const CsvDialect& dialect, std::size_t width, std::size_t row_bytes)
    : dialect_(dialect), width_(width), row_bytes_(row_bytes) {
  has_quote_ = dialect_.quote != '\0';
  if (has_quote_ && dialect_.escape == dialect_.quote) {  // another way to say double_quote
    dialect_.escape = '\0';
    dialect_.double_quote = true;
  }
  has_escape_ = dialect_.escape != '\0';
  has_comment_ = dialect_.comment != '\0';
  blocks_apply_ = !has_escape_ && (!has_quote_ || dialect_.double_quote);
  if (!dialect_.comment_rows.empty())
    last_comment_row_ = *std::max_element(dialect_.comment_rows.begin(), dialect_.comment_rows.end());
  auto set = [&](char c, std::uint8_t bits) { stops_[static_cast<unsigned char>(c)] |= bits; };
  set('\n', kStopsBare | kStopsQuoted);
  set('\r', kStopsBare | kStopsQuoted);
  set(dialect_.delimiter, kStopsBare);
  if (has_quote_) set(dialect_.quote, kStopsQuoted);
  if (has_escape_) set(dialect_.escape, kStopsBare | kStopsQuoted);
}

bool CsvRules::is_comment_row(std::uint64_t line) const {
  return std::find(dialect_.comment_rows.begin(), dialect_.comment_rows.end(), line) !=
         dialect_.comment_rows.end();
}

FieldStop CsvRules::walk(std::string_view bytes, std::size_t limit, FieldWalk& walk) const {
  if (walk.at == FieldWalk::At::start) {
    if (dialect_.skip_initial_space)
      while (walk.pos < limit && is_blank(bytes[walk.pos])) ++walk.pos;
    if (walk.pos >= limit && walk.pos < bytes.size()) return FieldStop::paused;
    std::size_t pos = walk.pos;
    walk = FieldWalk{};
    bool opens = has_quote_ && pos < bytes.size() && bytes[pos] == dialect_.quote;
    walk.at = opens ? FieldWalk::At::quoted : FieldWalk::At::bare;
    walk.quoted = opens;
    walk.opened = pos;
    walk.begin = walk.pos = pos + (opens ? 1 : 0);
  }
  return walk.at == FieldWalk::At::quoted ? walk_quoted(bytes, limit, walk) : walk_bare(bytes, limit, walk);
}

FieldStop CsvRules::walk_bare(std::string_view bytes, std::size_t limit, FieldWalk& walk) const {
  std::size_t pos = walk.pos;
  for (;;) {
    while (pos < limit && !(stops_[static_cast<unsigned char>(bytes[pos])] & kStopsBare)) ++pos;
    walk.pos = walk.end = pos;
    if (pos >= limit && pos < bytes.size()) return FieldStop::paused;
    // Nothing after an escaped line end: the field did not go on. (A chunk that ends with the first line of a
    // record that was given up would otherwise show it as whole.)
    if (pos >= limit)
      return walk.crossed && is_line_end(bytes[pos - 1]) ? FieldStop::unclosed : FieldStop::end;
    if (bytes[pos] == dialect_.delimiter) {
      ++walk.pos;
      walk.at = FieldWalk::At::start;
      return FieldStop::delimiter;
    }
    if (is_line_end(bytes[pos])) return FieldStop::line_end;
    if (pos + 1 >= bytes.size()) {  // an escape with nothing to escape is text
      ++pos;
      continue;
    }
    walk.rewritten = true;
    if (is_line_end(bytes[pos + 1])) {
      walk.opened = pos;
      walk.line_text_end = pos + 1;
      walk.crossed = true;
      walk.pos = after_line_end(bytes, pos + 1);
      return FieldStop::crossed;
    }
    pos += 2;
  }
}

FieldStop CsvRules::walk_quoted(std::string_view bytes, std::size_t limit, FieldWalk& walk) const {
  std::size_t pos = walk.pos;
  for (;;) {
    while (pos < limit && !(stops_[static_cast<unsigned char>(bytes[pos])] & kStopsQuoted)) ++pos;
    walk.pos = walk.end = pos;
    if (pos >= limit) return pos >= bytes.size() ? FieldStop::unclosed : FieldStop::paused;
    char c = bytes[pos];
    bool last = pos + 1 >= bytes.size();
    if (has_escape_ && c == dialect_.escape) {
      if (last) {
        ++pos;
        continue;
      }
      walk.rewritten = true;
      c = bytes[++pos];
      if (!is_line_end(c)) {
        ++pos;
        continue;
      }
    }
    if (is_line_end(c)) {
      walk.line_text_end = pos;
      walk.pos = after_line_end(bytes, pos);
      walk.crossed = true;
      return walk.stray ? FieldStop::broken : FieldStop::crossed;
    }
    // A quote.
    if (last) {
      walk.pos = pos + 1;
      return FieldStop::end;
    }
    char next = bytes[pos + 1];
    if (dialect_.double_quote && next == dialect_.quote) {
      walk.rewritten = true;
      pos += 2;
    } else if (next == dialect_.delimiter) {
      walk.pos = pos + 2;
      walk.at = FieldWalk::At::start;
      return FieldStop::delimiter;
    } else if (is_line_end(next)) {
      walk.pos = pos + 1;
      return FieldStop::line_end;
    } else {
      walk.stray = true;
      walk.pos = ++pos;
      if (walk.crossed) return FieldStop::broken;
    }
  }
}

std::size_t CsvRules::rewrite(std::string_view bytes, const FieldWalk& walk, char* out) const {
  char* to = out;
  for (std::size_t i = walk.begin; i < walk.end; ++i) {
    char c = bytes[i];
    bool escapes = has_escape_ && c == dialect_.escape;
    bool doubled =
        walk.quoted && dialect_.double_quote && c == dialect_.quote && i + 1 < walk.end && bytes[i + 1] == c;
    if ((escapes && i + 1 < walk.end) || doubled) c = bytes[++i];
    *to++ = c;
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace sluice
