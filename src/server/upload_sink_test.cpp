#include "server/upload_sink.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "adapters/blobs_file.h"
#include "jobs/file_name.h"
#include "jobs/upload_keys.h"
#include "server/file_content.h"
#include "server/http_message.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

template <std::size_t size>
std::string bytes(const char (&text)[size]) {
  return std::string(text, size - 1);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A disk with so much room: what is left goes down as uploads write.
class SmallDisk : public BlobStore {
 public:
  SmallDisk(BlobStore& inner, std::uint64_t room) : inner_(inner), room_(room) {}
  Result<std::unique_ptr<ByteSource>> open(const std::string& key, std::uint64_t offset,
                                           const std::string& version) override {
    return inner_.open(key, offset, version);
  }
  Result<std::unique_ptr<BlobWriter>> create(const std::string& key) override {
    return std::make_unique<Writer>(*this, TRY(inner_.create(key)));
  }
  Result<std::unique_ptr<PartialBlob>> resume(const std::string& key, std::uint64_t offset) override {
    return inner_.resume(key, offset);
  }
  Result<std::optional<std::uint64_t>> space_left() override { return std::optional(room_); }
  Result<BlobInfo> stat(const std::string& key) override { return inner_.stat(key); }
  Result<> remove(const std::string& key) override { return inner_.remove(key); }
  Result<std::vector<BlobInfo>> list(const std::string& prefix) override { return inner_.list(prefix); }

 private:
  class Writer : public BlobWriter {
   public:
    Writer(SmallDisk& disk, std::unique_ptr<BlobWriter> inner) : disk_(disk), inner_(std::move(inner)) {}
    Result<> write(std::string_view written) override {
      if (written.size() > disk_.room_) return fail(ErrorKind::io, "No space left on device");
      disk_.room_ -= written.size();
      return inner_->write(written);
    }
    Result<> commit() override { return inner_->commit(); }

   private:
    SmallDisk& disk_;
    std::unique_ptr<BlobWriter> inner_;
  };
  BlobStore& inner_;
  std::uint64_t room_;
};

class UploadSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upload-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    blobs_ = open_blobs_file(root_).value();
  }
  void TearDown() override {
    blobs_.reset();
    fs::remove_all(root_);
  }

  Result<ReceivedFile> upload(const std::string& content, std::size_t piece,
                              const std::string& name = "a.csv") {
    auto sink = TRY(UploadSink::begin(*blobs_, 0, name, content.size()));
    for (std::string_view rest = content; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
      TRY(sink->write(rest.substr(0, piece)));
    return sink->commit();
  }
  std::string stored(const std::string& key) {
    auto source = blobs_->open(key, 0).value();
    std::string all(10'000'000, '\0');
    std::size_t held = 0;
    while (std::size_t count = source->read(std::span(all).subspan(held), {}).value()) held += count;
    return all.substr(0, held);
  }
  std::size_t files_below() {
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) files += entry.is_regular_file();
    return files;
  }

  fs::path root_;
  std::unique_ptr<BlobStore> blobs_;
};

int status_of(const Error& error) { return problem_of(error).status; }

TEST_F(UploadSinkTest, BytesSizeAndDigestAreThoseOfTheFile) {
  std::string content = "id,name\n";
  while (content.size() < 3'000'000) content += std::to_string(content.size()) + ",Ann\n";
  for (std::size_t piece : {std::size_t{1'000}, std::size_t{65'536}, content.size()}) {
    auto file = upload(content, piece);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->size, content.size());
    EXPECT_EQ(file->sha256, to_hex(Sha256().of(content)));
    EXPECT_EQ(file->content_type, "text/csv");
    EXPECT_TRUE(is_upload_key(file->blob_key));
    EXPECT_EQ(id_of_upload_key(file->blob_key), file->id);
    EXPECT_TRUE(stored(file->blob_key) == content);
  }
}

TEST_F(UploadSinkTest, WhatIsNotWholeIsNotKept) {
  {
    auto sink = UploadSink::begin(*blobs_, 0, "a.csv", {}).value();
    ASSERT_TRUE(sink->write("id,name\n"));
  }
  auto refused = upload("%PDF-1.7\n", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(status_of(refused.error()), 415);
  EXPECT_EQ(files_below(), 0u);
}

TEST_F(UploadSinkTest, WhatIsNoTableIsRefusedAsSoonAsItIsSeen) {
  std::string picture = bytes("\x89PNG\r\n\x1a\n") + std::string(kHeadBytes, 'x');
  auto sink = UploadSink::begin(*blobs_, 0, "people.csv", {}).value();
  auto written = sink->write(picture);
  ASSERT_FALSE(written) << "the rest need not be sent";
  EXPECT_EQ(status_of(written.error()), 415);
  EXPECT_NE(problem_of(written.error()).detail.find("'people.csv' is a PNG picture"), std::string::npos);
}

TEST_F(UploadSinkTest, AFullDiskIsSaidBeforeAndOnTheWay) {
  constexpr std::uint64_t kMega = 1 << 20, kReserve = 100 * kMega;
  SmallDisk disk(*blobs_, 150 * kMega);
  EXPECT_TRUE(UploadSink::begin(disk, kReserve, "a.csv", 50 * kMega));
  auto early = UploadSink::begin(disk, kReserve, "a.csv", 50 * kMega + 1);
  ASSERT_FALSE(early);
  EXPECT_EQ(status_of(early.error()), 507);
  {
    auto sink = UploadSink::begin(disk, kReserve, "a.csv", {}).value();
    std::string block = "id\n" + std::string(kMega, '1');
    Result<> written;
    std::uint64_t accepted = 0;
    while (written && accepted < 200 * kMega) written = sink->write(block), accepted += block.size();
    ASSERT_FALSE(written);
    EXPECT_EQ(status_of(written.error()), 507);
    EXPECT_GE(disk.space_left().value().value(), kReserve - 16 * kMega) << "the reserve is left alone";
  }
  EXPECT_EQ(files_below(), 0u);
  SmallDisk tiny(*blobs_, 10);
  auto sink = UploadSink::begin(tiny, 0, "a.csv", 5).value();
  auto written = sink->write("id,name\n1,Ann\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(status_of(written.error()), 500) << "there are 10 bytes left: it was another fault";
  SmallDisk reserve_gone(*blobs_, 10);
  EXPECT_FALSE(UploadSink::begin(reserve_gone, 100, "a.csv", {}));
}

// The header of an archive's first member takes 30 bytes; its name comes then.
std::string zip_head(const std::string& inside) {
  return bytes("PK\x03\x04\x14\0") + std::string(24, '\0') + inside;
}

TEST(FileContent, TypesAreToldByContent) {
  struct Case {
    std::string content;
    const char* name;
    const char* type;
  };
  const std::string csv = "id,name\n1,Ann\n";
  std::string wide = "\xff\xfe";
  for (char c : csv) wide += std::string{c, '\0'};
  const Case cases[] = {
      {csv, "a.json", "text/csv"},
      {"id\tname\n1\tAnn\n", "a.csv", "text/tab-separated-values"},
      {"[{\"id\":1}]", "a.csv", "application/json"},
      {"[id],[name]\n1,2\n", "a.csv", "text/csv"},
      {"{\"id\":1}\n{\"id\":2}\n", "a", "application/x-ndjson"},
      {gzip(csv), "a.csv", "application/gzip"},
      {wide, "a.csv", "text/csv"},
      {"\xef\xbb\xbf" + csv, "a.csv", "text/csv"},
      {"name\nZo\xeb\n", "a.csv", "text/csv"},
      {"alone", "a", "text/csv"},
      {zip_head("[Content_Types].xml ... xl/workbook.xml"), "a.xlsx",
       "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {gzip(zip_head("[Content_Types].xml ... xl/workbook.xml")), "a.xlsx.gz", "application/gzip"},
      {zip_head("2024/people.csv"), "a.xlsx", "application/zip"},
  };
  for (const Case& test : cases) {
    auto type = content_type_of(test.content, true, test.name);
    ASSERT_TRUE(type) << type.error().message;
    EXPECT_EQ(*type, test.type) << test.content;
  }
}

TEST(FileContent, WhatIsNotReadIsNamed) {
  std::mt19937 random(1);
  std::string noise;
  for (int at = 0; at < 10'000; ++at) noise += static_cast<char>(random());
  const std::string ole = bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") + std::string(512, '\0');
  const std::pair<std::string, const char*> cases[] = {
      {zip_head("[Content_Types].xml ... xl/workbook.bin"), "an Excel workbook in the binary format (XLSB)"},
      {ole + bytes("W\0o\0r\0k\0b\0o\0o\0k\0"), "an Excel workbook (XLS)"},
      {zip_head("mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "(ODS)"},
      {gzip(zip_head("people.csv")), "is a compressed zip archive"},
      {bytes("MZ\x90\0\x03"), "a Windows program"},
      {"<!doctype html><html>", "a web page"},
      {"%PDF-1.4", "a PDF document"},
      {gzip("%PDF-1.4"), "holds a file that is a PDF document"},
      {gzip(gzip("id\n1\n")), "compressed twice"},
      {noise, "binary data"},
      {gzip(noise), "binary data"},
  };
  for (const auto& [content, part] : cases) {
    auto type = content_type_of(content, true, "people.csv");
    ASSERT_FALSE(type) << part;
    Problem problem = problem_of(type.error());
    EXPECT_EQ(problem.status, 415);
    EXPECT_NE(problem.detail.find(part), std::string::npos) << problem.detail;
    EXPECT_NE(problem.detail.find("What is read is CSV"), std::string::npos) << problem.detail;
  }
}

TEST(FileContent, AnEmptyFileIsRefused) {
  for (std::string content : {std::string(), std::string(" \r\n\t"), std::string("\xef\xbb\xbf"), gzip("")}) {
    auto type = content_type_of(content, true, "people.csv");
    ASSERT_FALSE(type) << content.size();
    EXPECT_EQ(status_of(type.error()), 400);
  }
  EXPECT_TRUE(content_type_of(std::string(100, ' '), false, "a")) << "the rows may come later";
}

TEST(FileName, IsTextAndNoPath) {
  const std::pair<std::string, const char*> cases[] = {
      {"people.csv", "people.csv"},
      {"../../etc/passwd", "passwd"},
      {"C:\\Users\\ann\\people.csv", "people.csv"},
      {"..", ""},
      {"a/..", ""},
      {"", ""},
      {"/", ""},
      {bytes("a\0b\r\n\x7f.csv"), "ab.csv"},
      {"\xc2\x85z.csv", "z.csv"},
      {"\xe2\x80\xaevsc.exe", "vsc.exe"},
      {"\xe2\x81\xa6x\xe2\x81\xa9\xef\xbb\xbf.csv", "x.csv"},
      {"M\xc3\xbcller \xf0\x9f\x98\x80.csv", "M\xc3\xbcller \xf0\x9f\x98\x80.csv"},
      {"Zo\xeb.csv", "Zo\xef\xbf\xbd.csv"},
      {"  a.csv ", "a.csv"},
      {"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae.csv", "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae.csv"},
  };
  for (const auto& [sent, clean] : cases) EXPECT_EQ(clean_file_name(sent), clean) << sent;
}

TEST(FileName, IsShortenedBeforeItsEnding) {
  std::string name = clean_file_name(std::string(400, 'x') + ".csv.gz");
  EXPECT_EQ(name, std::string(248, 'x') + ".csv.gz");
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\xe2\x82\xac";
  name = clean_file_name(wide);
  EXPECT_EQ(name.size(), 255u);
  EXPECT_EQ(name, wide.substr(0, 255));
  EXPECT_EQ(clean_file_name(wide + ".csv"), wide.substr(0, 249) + ".csv") << "cut between characters";
}

}  // namespace
}  // namespace sluice
