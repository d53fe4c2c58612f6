#include "formats/detect_content.h"

#include <gtest/gtest.h>

#include <random>

#include "formats/test_packing.h"

namespace sluice {
namespace {

using testing::bytes;

void expect_refused(const std::string& head, const std::string& part) {
  auto refused = refused_content(head);
  ASSERT_TRUE(refused) << part;
  EXPECT_NE(refused->find(part), std::string::npos) << *refused;
  EXPECT_NE(refused->find("; "), std::string::npos) << "says nothing of what to do: " << *refused;
}

TEST(Content, TheBeginningOfAZipArchiveTellsMostOfThem) {
  auto refused = [](const std::string& inside) {
    const std::string head =
        bytes("PK\x03\x04\x14\0") + std::string(24, '\0') + inside;  // a name from byte 30 on
    EXPECT_TRUE(is_zip_archive(head));
    EXPECT_FALSE(refused_content(head)) << "only what is in it tells";
    return refused_zip_head(head).value_or("may be a workbook");
  };
  EXPECT_EQ(refused("[Content_Types].xml ... xl/workbook.xml"), "may be a workbook");
  EXPECT_EQ(refused("docProps/app.xml ..."), "may be a workbook");
  EXPECT_EQ(refused("xl/workbook.xml ... xl/embeddings/word/x"), "may be a workbook");
  EXPECT_NE(refused("[Content_Types].xml ... xl/workbook.bin").find("XLSB"), std::string::npos);
  EXPECT_NE(refused("[Content_Types].xml ... word/document.xml").find("Word document"), std::string::npos);
  EXPECT_NE(refused("mimetypeapplication/vnd.oasis.opendocument.spreadsheet").find("ODS"), std::string::npos);
  EXPECT_EQ(refused("data.csv ... password/list.csv"), "may be a workbook") << "or files, as the next says";
  auto is_document = [](const std::string& inside) {
    return begins_as_document(bytes("PK\x03\x04\x14\0") + std::string(24, '\0') + inside);
  };
  EXPECT_TRUE(is_document("[Content_Types].xml"));
  EXPECT_TRUE(is_document("xl/_rels/workbook.xml.rels"));
  EXPECT_FALSE(is_document("data.csv ... xl/workbook.xml"));
  EXPECT_FALSE(is_document("book.xlsxPK\x03\x04[Content_Types].xml")) << "a workbook in an archive";
  EXPECT_FALSE(begins_as_document("PK\x03\x04"));
}

TEST(Content, WhatHoldsNoRowsIsNamed) {
  std::string ole = bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") + std::string(512, '\0');
  expect_refused(ole + bytes("W\0o\0r\0k\0b\0o\0o\0k\0"), "Excel workbook (XLS)");
  expect_refused(ole + bytes("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"), "encrypted");
  expect_refused("%PDF-1.7\n", "PDF");
  expect_refused(bytes("\x89PNG\r\n\x1a\n\0\0"), "PNG");
  expect_refused(bytes("SQLite format 3\0....."), "SQLite");
  expect_refused("PAR1......", "Parquet");
  expect_refused(bytes("BZh91AY&SY.."), "bzip2");
  expect_refused(bytes("\0\0\0\x18"
                       "ftypmp42...."),
                 "MP4");
  expect_refused(" <!DOCTYPE HTML>\n<html>", "web page");
  expect_refused("<?xml version=\"1.0\"?>\n<a/>", "XML");
}

TEST(Content, TablesAreNotTakenForAnythingElse) {
  for (std::string head : {"id,ftype\n", "id1,ftype\n", "PK,name\n1,a\n", "GIF,x\n", "<5,6\n", "MZ,a\n",
                           "%PDF,x\n", "II*,x\n", "BZh9,x\n", "\xff\xd8,x\n", "ID3,x\n"}) {
    EXPECT_FALSE(refused_content(head)) << head << ": " << *refused_content(head);
  }
}

TEST(Content, BinaryDataIsNoText) {
  std::mt19937 random(1);
  std::string noise;
  for (int at = 0; at < 10'000; ++at) noise += static_cast<char>(random());
  EXPECT_TRUE(refused_as_binary(noise));
  EXPECT_FALSE(refused_as_binary(bytes("a,b\n1,\0\0\n")));
  EXPECT_FALSE(
      refused_as_binary("a\x1f"
                        "b\x1e"
                        "1\x1f"
                        "2\x1e"));
  EXPECT_FALSE(refused_as_binary(""));
}

TEST(Content, FormatsAreToldByTheirFirstValue) {
  struct Case {
    const char* text;
    const char* name;
    FormatKind kind;
  };
  const Case cases[] = {
      {"a,b\n1,2\n", "x", FormatKind::csv},
      {"a,b\n1,2\n", "x.ndjson.gz", FormatKind::ndjson},
      {" [ {\"a\":1},\n{\"a\":2} ]\n", "x", FormatKind::json},
      {"{\"a\":1}\n{\"a\":2}\n", "x", FormatKind::ndjson},
      {"{\"a\":1}\r{\"a\":2}\r", "x", FormatKind::ndjson},
      {"[1,2]\n[3,4]\n", "x", FormatKind::ndjson},
      {"{\"rows\":[{\"a\":1}]}", "x", FormatKind::json},
      {"{\"a\":\"}{\\\"\"}", "x.jsonl", FormatKind::ndjson},
      {"[id],[name]\n1,2\n", "x", FormatKind::csv},
      {"[1],[2]\n", "x.csv", FormatKind::csv},
      {"{x},{y}\n", "x", FormatKind::csv},
      {"[\n{\"a\":", "x", FormatKind::json},
      {"nothing like it", "x.JSON", FormatKind::json},
      {"[]", "x", FormatKind::json},
      {"", "x", FormatKind::csv},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(name_of(format_of(test.text, true, test.name)), name_of(test.kind))
        << test.text << " " << test.name;
  }
}

}  // namespace
}  // namespace sluice
