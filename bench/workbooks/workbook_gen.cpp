// workbook_gen: a deterministic workbook of made-up data, 10 columns, for benchmarks.
//
//   workbook_gen shared|inline|numbers ROWS FILE
//
//  * shared: people; every text is a shared one, as Excel writes them, some two million different ones a
//    million rows (the library keeps all cells in memory meanwhile: about 1 GB a million rows);
//  * inline: the same cells with every text in its place, as libraries write that keep little in memory;
//  * numbers: an identifier, four dates or times and five numbers.
// A row depends only on its number. The first column holds the number of the row, from 1.
#include <xlsxwriter.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64 finaliser
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

struct Random {
  std::uint64_t state;
  std::uint32_t below(std::uint32_t end) {
    state = mix(state);
    return static_cast<std::uint32_t>((state >> 32) * end >> 32);
  }
  template <std::size_t size>
  const char* of(const char* const (&texts)[size]) {
    return texts[below(size)];
  }
};

constexpr const char* kFirst[] = {"Alice", "Bob",   "Chloé",   "David", "Zoë",  "François",
                                  "Grace", "Irène", "Hiroshi", "José",  "Karl", "Łukasz",
                                  "María", "Noah",  "Olena",   "Søren", "Emma", "Jürgen",
                                  "Анна",  "明",    "Liam",    "Sofia", "Tom",  "Björk"};
constexpr const char* kLast[] = {"Smith",  "Müller", "O'Brien", "García",  "Nowak",    "Jensen",
                                 "Tanaka", "李",     "Dupont",  "Ivanova", "Williams", "Þórsson"};
constexpr const char* kStreet[] = {"Main Street", "Oak Avenue", "Bahnhofstraße", "Rue de la Paix",
                                   "High Street", "Park Lane",  "Calle Mayor",   "Via Roma"};
constexpr const char* kState[] = {"AL", "AK", "AZ", "CA", "CO", "CT", "FL", "GA", "HI", "IL",
                                  "MA", "MD", "MI", "MN", "NC", "NJ", "NY", "OH", "OR", "PA",
                                  "RI", "SC", "TN", "TX", "UT", "VA", "VT", "WA", "WI", "WY"};
constexpr const char* kPeopleColumns[] = {"id",   "first_name", "last_name", "email",  "street",
                                          "city", "state",      "zip",       "joined", "balance"};
constexpr const char* kNumberColumns[] = {"id",    "ordered", "shipped", "opened", "closed",
                                          "price", "amount",  "share",   "weight", "points"};

struct Writer {
  lxw_worksheet* sheet;
  lxw_format *date, *time;
  lxw_row_t row = 0;
  lxw_col_t column = 0;

  void text(const std::string& value) {
    worksheet_write_string(sheet, row, column++, value.c_str(), nullptr);
  }
  void number(double value, lxw_format* format = nullptr) {
    worksheet_write_number(sheet, row, column++, value, format);
  }
};

void people(Writer& writer, std::uint64_t id) {
  Random random{mix(id)};
  const std::string first = random.of(kFirst), last = random.of(kLast);
  writer.number(static_cast<double>(id));
  writer.text(first);
  writer.text(last);
  writer.text("person." + std::to_string(id) + "@example.com");
  writer.text(std::to_string(1 + random.below(9999)) + " " + random.of(kStreet) + " " +
              std::to_string(random.below(100'000)));
  writer.text("Town " + std::to_string(random.below(5000)));
  writer.text(random.of(kState));
  std::string zip = std::to_string(random.below(100'000));
  writer.text(zip.insert(0, 5 - zip.size(), '0'));
  writer.number(36'526 + random.below(9000), writer.date);  // from 2000-01-01 on
  writer.number(random.below(1'000'000) / 100.0);
}

void numbers(Writer& writer, std::uint64_t id) {
  Random random{mix(id)};
  writer.number(static_cast<double>(id));
  writer.number(36'526 + random.below(9000), writer.date);
  writer.number(36'526 + random.below(9000), writer.date);
  writer.number(36'526 + random.below(9000 * 1440) / 1440.0, writer.time);
  writer.number(36'526 + random.below(9000 * 1440) / 1440.0, writer.time);
  writer.number(random.below(1'000'000) / 100.0);
  writer.number(random.below(1000));
  writer.number(random.below(10'000) / 10'000.0);
  writer.number(random.below(1'000'000'000) / 1000.0);
  writer.number(static_cast<double>(random.below(2'000'000'000)) - 1e9);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string shape = count == 4 ? arguments[1] : "";
  if (shape != "shared" && shape != "inline" && shape != "numbers") {
    std::fprintf(stderr, "workbook_gen shared|inline|numbers ROWS FILE\n");
    return 2;
  }
  lxw_workbook_options options{};
  options.constant_memory = shape == "shared" ? LXW_FALSE : LXW_TRUE;
  options.use_zip64 = LXW_TRUE;
  lxw_workbook* book = workbook_new_opt(arguments[3], &options);
  lxw_doc_properties properties{};
  properties.created = 1'700'000'000;  // else the file says when it was made
  workbook_set_properties(book, &properties);
  Writer writer{workbook_add_worksheet(book, "Data"), workbook_add_format(book), workbook_add_format(book)};
  format_set_num_format(writer.date, "yyyy-mm-dd");
  format_set_num_format(writer.time, "yyyy-mm-dd hh:mm");
  for (const char* name : shape == "numbers" ? kNumberColumns : kPeopleColumns) writer.text(name);
  const std::uint64_t rows = std::strtoull(arguments[2], nullptr, 10);
  for (std::uint64_t id = 1; id <= rows; ++id) {
    ++writer.row;
    writer.column = 0;
    shape == "numbers" ? numbers(writer, id) : people(writer, id);
  }
  const lxw_error error = workbook_close(book);
  if (error != LXW_NO_ERROR) std::fprintf(stderr, "workbook_gen: %s\n", lxw_strerror(error));
  return error == LXW_NO_ERROR ? 0 : 1;
}
