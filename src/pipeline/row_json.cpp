#include "pipeline/row_json.h"

#include <cstring>

#include "pipeline/jcs.h"
#include "pipeline/utf8.h"

namespace sluice {

namespace {

// Above this the worst case of escaping would take more from the arena than it is worth.
constexpr std::size_t kDirectBytes = 64 * 1024;

char* put(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());  // an empty text may have no address
  return out + text.size();
}

}  // namespace

bool is_plain_number(std::string_view text) {
  constexpr std::size_t kExactDigits = 15;
  std::size_t at = 0, size = text.size();
  if (at < size && text[at] == '-') ++at;
  if (size - at == 0 || size - at > kExactDigits + 1) return false;
  std::size_t first = at, digits = 0;
  while (at < size && text[at] >= '0' && text[at] <= '9') ++at, ++digits;
  if (digits == 0 || (digits > 1 && text[first] == '0')) return false;
  if (at == size) return digits <= kExactDigits && !(text[first] == '0' && first == 1);
  if (text[at] != '.') return false;
  std::size_t point = at++;
  while (at < size && text[at] >= '0' && text[at] <= '9') ++at, ++digits;
  if (at != size || at == point + 1 || text[at - 1] == '0' || digits > kExactDigits) return false;
  // ECMAScript writes what is below 1e-6 with an exponent.
  return !(text[first] == '0' && text.substr(point + 1).starts_with("000000"));
}

std::string json_key(std::string_view name) {
  std::string key = ",";
  append_jcs_string(key, name);
  return key + ":";
}

bool RowJsonWriter::write(std::span<const RowMember> members, const Cell* cells, Arena& arena,
                          std::string_view& out, std::vector<JsonProblem>& problems) {
  texts_.resize(members.size());
  std::size_t bound = 2;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Cell& cell = cells[members[i].slot];
    if (cell.is_null()) continue;
    bound += members[i].key.size();
    if (cell.kind == CellKind::string) {
      bound += 6 * static_cast<std::size_t>(cell.size) + 2;
      continue;
    }
    texts_[i] = cell.text();
    if (cell.kind != CellKind::boolean && !(cell.kind == CellKind::number && is_plain_number(cell.text()))) {
      scratch_.clear();
      if (auto done = append_jcs_cell(scratch_, cell); !done)
        problems.push_back({i, done.error().message, false});
      texts_[i] = arena.copy(scratch_);
    }
    bound += texts_[i].size();
  }
  std::string large;
  const bool direct = bound <= kDirectBytes;
  if (!direct) large.resize(bound);
  char* const begin = direct ? arena.allocate(bound) : large.data();
  char* end = begin;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Cell& cell = cells[members[i].slot];
    if (cell.is_null()) continue;
    end = put(end, members[i].key);
    if (cell.kind != CellKind::string) {
      end = put(end, texts_[i]);
      continue;
    }
    char* value = end;
    end = append_jcs_string(end, cell.text());
    // Only a text that had to be escaped can hold U+0000, which no store takes.
    bool escaped = static_cast<std::size_t>(end - value) != static_cast<std::size_t>(cell.size) + 2;
    if (escaped && std::memchr(cell.data, 0, cell.size) != nullptr)
      problems.push_back({i, "the text holds the character U+0000 (NUL)", true});
  }
  if (end == begin) *end++ = '{';  // the first member's comma becomes the brace
  *begin = '{';
  *end++ = '}';
  const auto size = static_cast<std::size_t>(end - begin);
  if (direct) arena.shrink_last(size);
  out = direct ? std::string_view(begin, size) : arena.copy({begin, size});
  return problems.empty();
}

void append_raw_string(std::string& out, std::string_view text) {
  if (is_valid_utf8(text)) return append_jcs_string(out, text);
  append_jcs_string(out, repaired_utf8(text));
}

void append_raw_value(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case CellKind::missing:
    case CellKind::null: out += "null"; break;
    case CellKind::string: append_raw_string(out, cell.text()); break;
    default: out += cell.text();
  }
}

}  // namespace sluice
