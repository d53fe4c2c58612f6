// ZipArchive: the directory of a zip archive and its members as streams. Whatever the archive declares of
// itself is checked against what is there, and nothing is allocated by it. Built for workbooks: stored and
// deflated members, zip64, no archive over several files. One thread per object and per member that is read.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/byte_source.h"

namespace sluice {

// An input that can be entered anywhere at no cost.
struct SeekableInput {
  Opener opener;
  std::uint64_t size = 0;
};
// A copy in a temporary file, which lives as long as the opener and the sources it made. `source`: the bytes
// to copy, from the first on. Error (input): they are more than `most_bytes`.
Result<SeekableInput> copy_to_seek(ByteSource& source, std::uint64_t most_bytes, std::stop_token stop);

// A workbook with more members, a longer list of them, or more in a member than this is none that a
// spreadsheet program wrote. A member may be so many times as large as it is compressed, once it is over
// kZipFreeBytes.
inline constexpr std::uint64_t kZipMostMembers = 10'000;
inline constexpr std::uint64_t kZipMostDirectoryBytes = 8 << 20;
inline constexpr std::uint64_t kZipMostMemberBytes = 16ull << 30;
inline constexpr std::uint64_t kZipMostRatio = 300;
inline constexpr std::uint64_t kZipFreeBytes = 64 << 20;

struct ZipMember {
  std::string name;                // '/' between folders, as stored otherwise
  std::uint64_t offset = 0;        // of its local header
  std::uint64_t packed_bytes = 0;  // as declared, no more than the archive has
  std::uint64_t plain_bytes = 0;   // as declared: checked at the end, otherwise not believed
  std::uint32_t checksum = 0;
  std::uint16_t method = 0;
  bool encrypted = false;
};

class ZipArchive {
 public:
  // Errors: input, as the rest of a sentence about the file: "is damaged: …". A member whose name leads out
  // of the archive, and two members of one name (letter case aside), are errors.
  static Result<ZipArchive> open(SeekableInput input, std::stop_token stop);

  std::uint64_t size() const { return input_.size; }  // bytes, packed
  const std::vector<ZipMember>& members() const { return members_; }
  // Letter case aside, as part names are compared; null: there is none.
  const ZipMember* find(std::string_view name) const;
  // Reading it fails (input) where it is damaged, and where it grows beyond the limits above.
  Result<std::unique_ptr<ByteSource>> open(const ZipMember& member, std::stop_token stop) const;

 private:
  SeekableInput input_;
  std::vector<ZipMember> members_;  // sorted by folded_name
};

// ASCII letters in lower case.
std::string folded_name(std::string_view name);

}  // namespace sluice
