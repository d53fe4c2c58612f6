#include "formats/csv_trial.h"

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "formats/csv_record.h"

namespace sluice {
namespace {

// What a trial looks at: more tells nothing new, and every candidate costs as much.
constexpr std::size_t kTrialBytes = 256 * 1024;
constexpr std::size_t kTrialRecords = 2000;
constexpr std::size_t kTrialRowBytes = 1 << 20;

std::string_view trimmed(std::string_view text) {
  std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// Calls cell(walk, stop) for every field of the record and returns the number of cells.
template <class Visit>
void visit_cells(const CsvRules& rules, std::string_view bytes, std::size_t begin, Visit visit) {
  FieldWalk walk{.pos = begin};
  for (;;) {
    FieldStop stop = rules.walk(bytes, bytes.size(), walk);
    if (stop == FieldStop::crossed) continue;
    visit(walk);
    if (stop != FieldStop::delimiter) return;
  }
}

template <class Visit>
void visit_records(const CsvRules& rules, std::string_view sample, std::size_t begin, std::size_t limit,
                   Visit visit) {
  RecordReader reader(rules);
  std::uint64_t line = 1;
  std::size_t seen = 0;
  for (std::size_t pos = begin; pos < sample.size() && seen < limit;) {
    Record record = reader.read(sample, pos, line, 0);
    if (record.kind == Record::Kind::oversized) return;
    if (record.kind != Record::Kind::none) {
      ++seen;
      visit(pos, line, record);
    }
    pos = record.end;
    line += record.lines;
  }
}

}  // namespace

CellLook look_of(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.empty()) return CellLook::empty;
  std::size_t digits = 0, letters = 0, separators = 0, others = 0;
  for (char c : cell) {
    if (is_digit(c))
      ++digits;
    else if (c == '-' || c == '/' || c == ':')
      ++separators;
    else if (c == '.' || c == ',' || c == '+' || c == '%' || c == '$' || c == ' ')
      continue;
    else if ((c | 32) >= 'a' && (c | 32) <= 'z')
      ++letters;
    else
      ++others;
  }
  std::size_t plain_separators = separators - (cell.front() == '-' ? 1 : 0);
  if (others == 0 && digits > 0 && letters == 0 && plain_separators == 0) return CellLook::number;
  if (others == 0 && digits > 0 && letters <= 1 && (cell.find_first_of("eE") != std::string_view::npos) &&
      (is_digit(cell.front()) || cell.front() == '-') && plain_separators <= 1)
    return CellLook::number;
  if (others == 0 && digits >= 3 && separators >= 1 && letters <= 3 && cell.size() <= 35)
    return CellLook::date;
  if (cell.find("://") != std::string_view::npos) return CellLook::other;
  std::size_t at = cell.find('@');
  if (at != std::string_view::npos && cell.find('.', at) != std::string_view::npos &&
      cell.find(' ') == std::string_view::npos)
    return CellLook::other;
  return CellLook::text;
}

std::vector<TrialRecord> trial_records(std::string_view sample, std::size_t begin, const CsvDialect& dialect,
                                       std::size_t limit) {
  CsvRules rules(dialect, 0, kTrialRowBytes);
  std::vector<TrialRecord> records;
  visit_records(rules, sample, begin, limit, [&](std::size_t pos, std::uint64_t line, const Record& found) {
    TrialRecord record{.begin = pos, .end = found.end, .line = line};
    record.broken = found.kind == Record::Kind::broken;
    std::string_view bytes = sample.substr(0, found.text_end);
    if (record.broken)
      record.cells.emplace_back(bytes.substr(pos));
    else
      visit_cells(rules, bytes, pos, [&](const FieldWalk& walk) {
        std::string text(walk.end - walk.begin, '\0');
        text.resize(rules.rewrite(bytes, walk, text.data()));
        record.cells.push_back(std::move(text));
      });
    records.push_back(std::move(record));
  });
  return records;
}

Trial try_dialect(std::string_view sample, std::size_t begin, const CsvDialect& dialect) {
  static constexpr std::string_view kStrong = ",;\t|";
  sample = sample.substr(0, std::min(sample.size(), begin + kTrialBytes));
  CsvRules rules(dialect, 0, kTrialRowBytes);
  Trial trial;
  std::map<std::size_t, std::size_t> widths;
  double type = 0;
  std::size_t typed = 0;
  visit_records(rules, sample, begin, kTrialRecords,
                [&](std::size_t pos, std::uint64_t, const Record& record) {
                  ++trial.records;
                  if (record.kind == Record::Kind::broken) {
                    ++trial.broken;
                    ++widths[0];
                    return;
                  }
                  std::size_t cells = 0;
                  visit_cells(rules, sample.substr(0, record.text_end), pos, [&](const FieldWalk& walk) {
                    ++cells;
                    std::string_view text = sample.substr(walk.begin, walk.end - walk.begin);
                    if (walk.quoted) ++(walk.stray ? trial.stray : trial.quoted);
                    CellLook look = look_of(text);
                    if (look == CellLook::empty) return;
                    ++typed;
                    if (look != CellLook::text || (walk.quoted && !walk.stray))
                      type += 1;
                    else
                      type += text.find_first_of(kStrong) == std::string_view::npos ? 0.7 : 0.2;
                  });
                  ++widths[cells];
                });
  for (auto [width, count] : widths) {
    if (count >= trial.of_width && width > 0) {
      trial.width = width;
      trial.of_width = count;
    }
    if (width > 1)
      trial.pattern += static_cast<double>(count) / static_cast<double>(trial.records) *
                       (static_cast<double>(width) - 1) / static_cast<double>(width);
  }
  trial.widths = widths.size();
  if (trial.widths > 0) trial.pattern /= static_cast<double>(trial.widths);
  trial.type = typed == 0 ? 0.5 : type / static_cast<double>(typed);
  return trial;
}

}  // namespace sluice
