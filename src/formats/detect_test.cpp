#include "formats/detect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "formats/chunk_reader.h"
#include "formats/detect_cache.h"
#include "formats/format.h"
#include "formats/test_packing.h"
#include "formats/test_sources.h"

namespace sluice {
namespace {

using testing::bytes;
using testing::gzip;
using testing::text_opener;
using testing::zstd;

std::string utf16(std::string_view ascii, bool big) {
  std::string out;
  for (char c : ascii) out += big ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

// Short inputs in reads of any length.
Opener pieces_of(const std::string& content) {
  return text_opener(content, content.size() < 1000 ? 0 : 50'000);
}

Result<ReadPlan> detected(const std::string& content, const SourceSpec& source = {},
                          const std::string& name = "people") {
  return detect(source, name, pieces_of(content), {});
}

// All rows that reading by the plan gives, each as its cells joined by |.
struct Rows {
  std::vector<std::string> rows;
  std::optional<Error> error;
};
Rows read_rows(const ReadPlan& plan, const std::string& content) {
  Rows result;
  auto format = make_format(plan);
  auto reader = ChunkReader::open(plan, *format, pieces_of(content), {plan.first_row, {}}, {}, {}, {});
  if (!reader) return {{}, reader.error()};
  while (true) {
    auto chunk = (*reader)->next({});
    if (!chunk) return {result.rows, chunk.error()};
    if (!*chunk) return result;
    ParseResult parsed = format->parse(std::move(**chunk));
    for (RowBatch& batch : parsed.batches) {
      for (std::size_t row = 0; row < batch.size(); ++row) {
        std::string line;
        if (batch.info(row).rejected()) line = name_of(batch.issues(row)[0].code);
        for (std::size_t cell = 0; !batch.info(row).rejected() && cell < batch.columns()->size(); ++cell) {
          line += (cell > 0 ? "|" : "") + std::string(batch.cells(row)[cell].text());
        }
        result.rows.push_back(line);
      }
    }
    if (parsed.broken) return {result.rows, parsed.broken};
  }
}

bool mentions(const std::vector<std::string>& findings, std::string_view part) {
  return std::ranges::any_of(
      findings, [&](const std::string& finding) { return finding.find(part) != std::string::npos; });
}

const std::string kPeople = "id,name\n1,Ann\n2,Bob\n";
const std::vector<std::string> kPeopleRows = {"1|Ann", "2|Bob"};

TEST(Detect, TheSameTableInEveryWrapping) {
  std::string marked = "\xef\xbb\xbf" + kPeople;
  struct Case {
    std::string content;
    Compression compression;
    std::string encoding;
  };
  const Case cases[] = {
      {kPeople, Compression::none, "utf-8"},
      {marked, Compression::none, "utf-8"},
      {gzip(kPeople), Compression::gzip, "utf-8"},
      {gzip("id,name\n1,") + gzip("Ann\n2,Bob\n"), Compression::gzip, "utf-8"},
      {zstd(marked), Compression::zstd, "utf-8"},
      {utf16(kPeople, false), Compression::none, "utf-16le"},
      {"\xfe\xff" + utf16(kPeople, true), Compression::none, "utf-16be"},
      {gzip(bytes("\xff\xfe") + utf16(kPeople, false)), Compression::gzip, "utf-16le"},
  };
  for (const Case& test : cases) {
    auto plan = detected(test.content);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(plan->compression, test.compression);
    EXPECT_EQ(plan->encoding, test.encoding);
    EXPECT_EQ(plan->format, FormatKind::csv);
    EXPECT_EQ(plan->columns, (Columns{"id", "name"}));
    EXPECT_TRUE(mentions(plan->findings, "Encoding " + test.encoding));
    Rows read = read_rows(*plan, test.content);
    EXPECT_FALSE(read.error) << read.error->message;
    EXPECT_EQ(read.rows, kPeopleRows);
  }
}

TEST(Detect, OneWindowsByteFarDownDecides) {
  std::string content = "id,name\n";
  for (int row = 0; row < 200'000; ++row) content += std::to_string(row) + ",St. Mary\n";
  content += "x,St. Mary\x92s\n";
  auto plan = detected(content);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->encoding, "windows-1252");
  Rows read = read_rows(*plan, content);
  ASSERT_EQ(read.rows.size(), 200'001u);
  EXPECT_EQ(read.rows.back(), "x|St. Mary’s");
}

TEST(Detect, AFewBadBytesInUtf8AreRejects) {
  std::string content = "id,name\n1,Zoë\n2,Bj\xf6rn\n3,日本\n4,é\n";
  auto plan = detected(content);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->encoding, "utf-8");
  EXPECT_EQ(read_rows(*plan, content).rows,
            (std::vector<std::string>{"1|Zoë", "encoding-error", "3|日本", "4|é"}));
}

TEST(Detect, WhatIsDeclaredIsTaken) {
  SourceSpec source;
  source.encoding = "Latin1";
  source.format = SourceFormat::csv;
  std::string content = "id,name\n1,Zo\xeb\n";
  auto plan = detected(content, source);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->encoding, "iso-8859-1");
  EXPECT_FALSE(mentions(plan->findings, "Encoding"));
  EXPECT_EQ(read_rows(*plan, content).rows, std::vector<std::string>{"1|Zoë"});
  source.encoding = "utf-16";
  for (bool big : {false, true}) {
    plan = detected(utf16(kPeople, big), source);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->encoding, big ? "utf-16be" : "utf-16le");
  }
  source.encoding = "utf-9";
  plan = detected(content, source);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
}

TEST(Detect, ADeclaredEncodingNeedsOnlyTheBeginning) {
  SourceSpec source;
  source.encoding = "utf-8";
  std::string content = "id,name\n";
  while (content.size() < 3 << 20) content += "1,Ann\n";
  auto plan = detect(source, "-",
                     replaying_opener(std::make_unique<testing::TextSource>(content, 10'000), 2 << 20), {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->columns.size(), 2u);
}

TEST(Detect, JsonAndNdjson) {
  auto plan = detected("[{\"id\":1},\n{\"id\":2}]");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->format, FormatKind::json);
  plan = detected(gzip("{\"id\":1}\n{\"id\":2}\n"));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->format, FormatKind::ndjson);
  EXPECT_EQ(read_rows(*plan, gzip("{\"id\":1}\n{\"id\":2}\n")).rows, (std::vector<std::string>{"1", "2"}));
  SourceSpec source;
  source.dialect.property = "rows";
  std::string document = "{\"x\":1,\"rows\":[{\"id\":1}]}";
  plan = detected(document, source, "x.ndjson");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->format, FormatKind::json);
  EXPECT_EQ(read_rows(*plan, document).rows, std::vector<std::string>{"1"});
}

TEST(Detect, AnArrayBeyondTheSampleIsFound) {
  std::string document = "{\"x\":\"" + std::string(3 << 20, 'x') + "\",\"rows\":[{\"id\":1},{\"id\":2}]}";
  SourceSpec source;
  source.pointer = "/rows";
  for (const std::string& content : {document, gzip(document)}) {
    auto plan = detected(content, source);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(read_rows(*plan, content).rows, (std::vector<std::string>{"1", "2"}));
  }
}

void expect_undetected(const std::string& content, std::string_view part, const SourceSpec& source = {}) {
  auto plan = detected(content, source);
  ASSERT_FALSE(plan) << part;
  EXPECT_EQ(plan.error().kind, ErrorKind::input);
  EXPECT_NE(plan.error().message.find(part), std::string::npos) << plan.error().message;
  EXPECT_NE(plan.error().message.find("'people'"), std::string::npos) << plan.error().message;
}

TEST(Detect, WhatCannotBeReadIsRefusedByName) {
  expect_undetected("", "empty");
  expect_undetected("\xef\xbb\xbf", "empty");
  expect_undetected(" \r\n\t\n", "empty");
  expect_undetected(gzip(""), "empty");
  expect_undetected("\xff\xfe", "empty");
  expect_undetected(bytes("PK\x03\x04\x14\0[Content_Types].xml xl/workbook.xml"),
                    "damaged or incomplete zip archive");
  expect_undetected(gzip("%PDF-1.4 ..."), "PDF");
  expect_undetected(gzip(gzip(kPeople)), "compressed twice");
  expect_undetected(gzip(kPeople).substr(0, 10), "ends too early");
  SourceSpec declared;
  declared.format = SourceFormat::csv;
  declared.encoding = "utf-8";
  expect_undetected(std::string(1000, '\x01'), "binary", declared);
  expect_undetected(bytes("PK\x03\x04"), "zip archive", declared);
  declared.format = SourceFormat::xlsx;
  expect_undetected(kPeople, "no Excel workbook", declared);
}

TEST(Detect, ATornGzipIsReadAsFarAsItGoes) {
  std::string text = "id,name\n";
  for (std::uint64_t row = 0; row < 300'000; ++row)
    text += std::to_string(row) + ",Ann " + std::to_string(row * 7919 % 10007) + "\n";
  std::string content = gzip(text);
  content.resize(content.size() * 9 / 10);
  auto plan = detected(content);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(mentions(plan->findings, "damaged"));
  Rows read = read_rows(*plan, content);
  ASSERT_TRUE(read.error);
  EXPECT_NE(read.error->message.find("ends too early"), std::string::npos);
  ASSERT_GT(read.rows.size(), 100'000u);
  EXPECT_EQ(read.rows[99'999], "99999|Ann " + std::to_string(99'999 * 7919 % 10007));
  auto planned = plan_ranges(*plan, text_opener(content), 1 << 20, {});
  ASSERT_TRUE(planned && planned->broken);
  EXPECT_EQ(planned->rows, read.rows.size());
}

TEST(Detect, AHeaderWithoutRowsIsNoError) {
  auto plan = detected("id,name\n");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(read_rows(*plan, "id,name\n").rows.empty());
}

TEST(Detect, AStopIsHeeded) {
  std::stop_source stop;
  stop.request_stop();
  auto plan = detect({}, "people", text_opener(kPeople), stop.get_token());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace sluice
