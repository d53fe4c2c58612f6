#include "formats/csv_detect.h"

#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "formats/csv_header.h"
#include "formats/csv_trial.h"

namespace sluice {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::string_view kStrong = ",;\t|";  // separate cells wherever they do so consistently
constexpr std::string_view kWeak = "^: ~";     // stand in text too: every record must agree
constexpr std::string_view kLastResort = "!%&*=<>?$`{}[]";

std::string name_of_delimiter(char c) {
  switch (c) {
    case ',': return "commas";
    case ';': return "semicolons";
    case '\t': return "tabs";
    case '|': return "vertical bars";
    case ':': return "colons";
    case ' ': return "blanks";
    default: return std::string("the character ") + c;
  }
}

Result<> check_declared(const Dialect& declared) {
  auto bad = [](char c) {
    return c == '\n' || c == '\r' || c == '\0' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (declared.delimiter && bad(*declared.delimiter))
    return fail(ErrorKind::usage,
                "dialect: the delimiter must be one ASCII character other than a line end.");
  if (declared.delimiter && declared.quote_char && *declared.delimiter == *declared.quote_char)
    return fail(ErrorKind::usage, "dialect: delimiter and quoteChar are the same character.");
  if (declared.delimiter && declared.escape_char && *declared.delimiter == *declared.escape_char)
    return fail(ErrorKind::usage, "dialect: delimiter and escapeChar are the same character.");
  for (const auto& list : {declared.header_rows, declared.comment_rows})
    if (std::find(list.begin(), list.end(), 0u) != list.end())
      return fail(ErrorKind::usage, "dialect: headerRows and commentRows count from 1.");
  return {};
}

Result<> check_sample(std::string_view sample) {
  if (sample.find_first_not_of("\r\n") == std::string_view::npos)
    return fail(ErrorKind::input, "the file is empty: it has no header and no rows.");
  auto odd = std::count_if(sample.begin(), sample.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' &&
           c != '\v' && c != '\x1b' && c != '\x1e' && c != '\x1f';
  });
  if (static_cast<std::size_t>(odd) * 10 > sample.size())
    return fail(
        ErrorKind::input,
        "the file is not text: it is full of NUL or control characters. A CSV file is expected; is this a "
        "binary format, or an encoding that must be declared?");
  return {};
}

class Detector {
 public:
  Detector(std::string_view sample, std::size_t begin, const Dialect& declared, bool tsv)
      : sample_(sample), begin_(begin), declared_(declared) {
    dialect_.double_quote = declared.double_quote.value_or(true);
    dialect_.escape = declared.escape_char.value_or('\0');
    dialect_.comment = declared.comment_char.value_or('\0');
    dialect_.skip_initial_space = declared.skip_initial_space.value_or(false);
    dialect_.null_sequence = declared.null_sequence;
    dialect_.comment_rows = declared.comment_rows;
    std::sort(dialect_.comment_rows.begin(), dialect_.comment_rows.end());
    dialect_.quote = declared.quoting == false ? '\0' : declared.quote_char.value_or('"');
    if (tsv) fixed_delimiter_ = '\t';
    if (declared.delimiter) fixed_delimiter_ = declared.delimiter;
  }

  CsvDialect find(std::vector<std::string>& findings) {
    if (fixed_delimiter_)
      dialect_.delimiter = *fixed_delimiter_;
    else
      find_delimiter(findings);
    find_quote(findings);
    find_escape(findings);
    find_initial_space(findings);
    return dialect_;
  }

 private:
  Trial trial(const CsvDialect& dialect) const { return try_dialect(sample_, begin_, dialect); }

  bool quote_is_open() const { return !declared_.quote_char && !declared_.quoting; }

  // Both quotes, where none is declared: under the wrong one a right delimiter may look wrong.
  std::optional<double> score_of(char delimiter) const {
    std::optional<double> best;
    for (char quote : {dialect_.quote, '\''}) {
      if (quote != dialect_.quote && (!quote_is_open() || sample_.find('\'') == std::string_view::npos))
        continue;
      if (quote == delimiter) continue;
      CsvDialect candidate = dialect_;
      candidate.delimiter = delimiter;
      candidate.quote = quote;
      Trial result = trial(candidate);
      if (result.width < 2) continue;
      bool strong = kStrong.find(delimiter) != std::string_view::npos;
      if (strong ? result.share() < 0.5 : result.of_width != result.records || result.records < 2) continue;
      // Words side by side are no table yet.
      if (delimiter == ' ' && (result.width < 3 && result.type < 0.8)) continue;
      double score = result.pattern * result.type * (strong ? 1.0 : 0.6);
      if (!best || score > *best) best = score;
    }
    return best;
  }

  void find_delimiter(std::vector<std::string>& findings) {
    double best = 0;
    dialect_.delimiter = ',';
    for (std::string_view group : {kStrong, kWeak, kLastResort}) {
      if (group == kLastResort && best > 0) break;
      for (char delimiter : group) {
        if (sample_.find(delimiter) == std::string_view::npos) continue;
        auto score = score_of(delimiter);
        if (!score || *score <= best) continue;
        best = *score;
        dialect_.delimiter = delimiter;
      }
    }
    findings.push_back(best > 0
                           ? "Cells are separated by " + name_of_delimiter(dialect_.delimiter) + "."
                           : "No delimiter stands in the rows consistently: the file is read as one column.");
  }

  void find_quote(std::vector<std::string>& findings) {
    if (!quote_is_open()) return;
    Trial usual = trial(dialect_);
    if (usual.quoted == 0 && dialect_.delimiter != '\'' && sample_.find('\'') != std::string_view::npos) {
      CsvDialect other = dialect_;
      other.quote = '\'';
      Trial result = trial(other);
      if (result.quoted >= 2 && result.stray == 0 && result.broken == 0 && result.share() >= usual.share()) {
        dialect_ = other;
        findings.push_back("Cells are quoted with apostrophes (').");
        return;
      }
    }
    if (dialect_.delimiter == '\t' && usual.broken > 0 && usual.quoted == 0) {
      dialect_.quote = '\0';
      findings.push_back("Quotation marks (\") are text in this file: none of them encloses a cell.");
    }
  }

  void find_escape(std::vector<std::string>& findings) {
    if (declared_.escape_char || declared_.double_quote || dialect_.quote == '\0') return;
    const char pair[] = {'\\', dialect_.quote};
    if (sample_.find({pair, 2}) == std::string_view::npos) return;
    CsvDialect other = dialect_;
    other.escape = '\\';
    Trial without = trial(dialect_), with = trial(other);
    bool cleaner = with.broken + with.stray < without.broken + without.stray;
    if (!cleaner || with.share() < without.share()) return;
    dialect_ = other;
    findings.push_back("Quotes within cells are escaped with a backslash (\\).");
  }

  void find_initial_space(std::vector<std::string>& findings) {
    if (declared_.skip_initial_space || dialect_.quote == '\0' || dialect_.delimiter == ' ') return;
    const char opening[] = {dialect_.delimiter, ' ', dialect_.quote};
    if (sample_.find({opening, 3}) == std::string_view::npos) return;
    CsvDialect other = dialect_;
    other.skip_initial_space = true;
    Trial without = trial(dialect_), with = trial(other);
    if (with.share() <= without.share() || with.broken > without.broken) return;
    dialect_ = other;
    findings.push_back("Blanks after a delimiter are skipped (skipInitialSpace).");
  }

  std::string_view sample_;
  std::size_t begin_;
  const Dialect& declared_;
  CsvDialect dialect_;
  std::optional<char> fixed_delimiter_;
};

}  // namespace

Result<CsvDetection> detect_csv(std::string_view sample, bool sample_is_whole, const Dialect& declared,
                                bool tsv, const std::vector<std::string>& schema_fields) {
  if (auto checked = check_declared(declared); !checked) return std::unexpected(std::move(checked).error());
  std::size_t begin = sample.starts_with(kBom) ? kBom.size() : 0;
  if (auto checked = check_sample(sample.substr(begin)); !checked)
    return std::unexpected(std::move(checked).error());
  if (!sample_is_whole) {  // the last line may be torn
    std::size_t last = sample.find_last_of("\r\n");
    if (last == std::string_view::npos || last < begin)
      return fail(ErrorKind::input,
                  "the file's first " + std::to_string(sample.size()) +
                      " bytes hold no line end: this is no CSV file with a header and rows.");
    sample = sample.substr(0, last + (sample[last] == '\r' ? 0 : 1));
  }
  CsvDetection found;
  found.dialect = Detector(sample, begin, declared, tsv).find(found.findings);
  HeaderSearch search{.sample = sample, .begin = begin, .declared = declared, .schema_fields = schema_fields};
  FoundHeader header = TRY(find_header(search, found.dialect));
  found.dialect.trailing_delimiter = header.trailing_delimiter;
  found.columns = std::move(header.columns);
  found.first_row = header.first_row;
  for (std::string& finding : header.findings) found.findings.push_back(std::move(finding));
  return found;
}

}  // namespace sluice
