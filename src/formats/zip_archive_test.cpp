#include "formats/zip_archive.h"

#include <gtest/gtest.h>

#include "formats/xlsx_test_book.h"

namespace sluice {
namespace {

using testing::has;
using testing::read_all;
using testing::seekable_opener;
using testing::zip_of;

Result<ZipArchive> open_zip(const std::string& bytes) {
  return ZipArchive::open({seekable_opener(bytes), bytes.size()}, {});
}
std::string message_of(const std::string& bytes) {
  auto archive = open_zip(bytes);
  return archive ? "" : archive.error().message;
}
// The content of a member, or what is wrong with it.
std::string member_text(const std::string& bytes, const std::string& name) {
  auto archive = open_zip(bytes);
  if (!archive) return archive.error().message;
  const ZipMember* member = archive->find(name);
  if (member == nullptr) return "none";
  auto source = archive->open(*member, {});
  if (!source) return source.error().message;
  auto read = read_all(**source);
  return read.error ? read.error->message : read.text;
}

// The place of an entry in the list at the end, and of a member's own header.
std::size_t entry_at(const std::string& zip) { return zip.find(std::string("PK\1\2", 4)); }
void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

TEST(ZipArchive, ReadsStoredAndDeflatedMembers) {
  const std::string large(300'000, 'x');
  const std::string zip = zip_of({{"a.txt", "hello", false}, {"Folder/B.txt", large}, {"empty", ""}});
  EXPECT_EQ(member_text(zip, "a.txt"), "hello");
  EXPECT_EQ(member_text(zip, "folder/b.TXT"), large) << "letter case aside";
  EXPECT_EQ(member_text(zip, "empty"), "");
  EXPECT_EQ(member_text(zip, "b.txt"), "none");
  EXPECT_EQ(open_zip(zip)->members().size(), 3u);
}

TEST(ZipArchive, ReadsBehindACommentAndInCopies) {
  std::string zip = zip_of({{"a", "hello"}});
  zip[zip.size() - 2] = 7;
  zip += "comment";
  EXPECT_EQ(member_text(zip, "a"), "hello");
  auto copied = copy_to_seek(*seekable_opener(zip)(0).value(), 1 << 20, {});
  ASSERT_TRUE(copied);
  auto archive = ZipArchive::open(*copied, {});
  ASSERT_TRUE(archive);
  EXPECT_EQ(read_all(**archive->open(archive->members()[0], {})).text, "hello");
}

TEST(ZipArchive, SaysThatItIsCutOff) {
  const std::string zip = zip_of({{"a", std::string(5000, 'x') + "yz"}, {"b", "text", false}});
  for (std::size_t size = 4; size < zip.size(); ++size) {
    std::string said = message_of(zip.substr(0, size));
    ASSERT_TRUE(has(said, "damaged or incomplete")) << size << ": " << said;
  }
}

TEST(ZipArchive, NeverBelievesWhatTheListDeclares) {
  const std::string zip = zip_of({{"a", std::string(5000, 'x')}});
  const std::size_t entry = entry_at(zip), end = zip.size() - 22;
  std::string changed = zip;
  put(changed, end + 10, 0xFFFE, 2);  // members
  EXPECT_TRUE(has(message_of(changed), "over the limit"));
  changed = zip;
  put(changed, end + 10, 2, 2);
  EXPECT_TRUE(has(message_of(changed), "damaged"));
  changed = zip;
  put(changed, end + 12, 0x7FFFFFFF, 4);  // bytes of the list
  EXPECT_TRUE(has(message_of(changed), "over the limit"));
  changed = zip;
  put(changed, end + 16, 0x7FFFFFFF, 4);  // where it begins
  EXPECT_TRUE(has(message_of(changed), "damaged"));
  changed = zip;
  put(changed, entry + 20, 0x7FFFFFFF, 4);  // packed bytes
  EXPECT_TRUE(has(message_of(changed), "damaged"));
  changed = zip;
  put(changed, entry + 28, 0x7FFF, 2);  // bytes of its name
  EXPECT_TRUE(has(message_of(changed), "damaged"));
  changed = zip;
  put(changed, entry + 24, 4999, 4);  // plain bytes
  EXPECT_TRUE(has(member_text(changed, "a"), "checksum"));
  changed = zip;
  put(changed, entry + 16, 1, 4);  // the checksum
  EXPECT_TRUE(has(member_text(changed, "a"), "checksum"));
  changed = zip;
  put(changed, entry + 42, 3, 4);  // where the member begins
  EXPECT_TRUE(has(member_text(changed, "a"), "not where the list says"));
}

TEST(ZipArchive, RefusesOtherMethodsAndPasswords) {
  const std::string zip = zip_of({{"a", std::string(5000, 'x')}});
  std::string changed = zip;
  put(changed, entry_at(zip) + 10, 14, 2);
  EXPECT_TRUE(has(member_text(changed, "a"), "method 14"));
  changed = zip;
  put(changed, entry_at(zip) + 8, 1, 2);
  EXPECT_TRUE(has(member_text(changed, "a"), "password"));
}

TEST(ZipArchive, RefusesNamesThatLeadOutAndNamesThatStandTwice) {
  EXPECT_TRUE(has(message_of(zip_of({{"../a", "x"}})), "leads out"));
  EXPECT_TRUE(has(message_of(zip_of({{"xl/../../a", "x"}})), "leads out"));
  EXPECT_TRUE(has(message_of(zip_of({{"/etc/passwd", "x"}})), "leads out"));
  EXPECT_TRUE(has(message_of(zip_of({{"c:/a", "x"}})), "leads out"));
  EXPECT_EQ(message_of(zip_of({{"a..b/...", "x"}})), "");
  EXPECT_TRUE(has(message_of(zip_of({{"a", "x"}, {"A", "y"}})), "twice"));
}

TEST(ZipArchive, StopsABombAtItsRatio) {
  std::string zip = zip_of({{"a", std::string(kZipFreeBytes + (8 << 20), 'x')}});
  const ZipArchive archive = *open_zip(zip);
  auto source = *archive.open(archive.members()[0], {});
  auto read = read_all(*source);
  ASSERT_TRUE(read.error);
  EXPECT_TRUE(has(read.error->message, "zip bomb")) << read.error->message;
  EXPECT_LE(read.text.size(), kZipFreeBytes + (1 << 20));
  // Declared to be packed as large as it is unpacked, it is none the smaller: the archive itself has an end.
  put(zip, entry_at(zip) + 20, 0x10000000, 4);
  EXPECT_TRUE(has(message_of(zip), "damaged"));
}

TEST(ZipArchive, SurvivesEveryChangedByte) {
  const std::string zip = zip_of({{"a", "hello hello hello hello"}, {"b", "text", false}});
  for (std::size_t at = 0; at < zip.size(); ++at) {
    for (int change : {1, 0x80, 0xFF}) {
      std::string changed = zip;
      changed[at] = static_cast<char>(changed[at] ^ change);
      // No content is given out as good that is not what was packed.
      auto archive = open_zip(changed);
      if (!archive) continue;
      for (const ZipMember& member : archive->members()) {
        auto source = archive->open(member, {});
        if (!source) continue;
        auto read = read_all(**source);
        if (read.error) continue;
        EXPECT_TRUE(read.text == "hello hello hello hello" || read.text == "text" || read.text.empty()) << at;
      }
    }
  }
}

}  // namespace
}  // namespace sluice
