#include "formats/zip_archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/temporary_file.h"
#include "formats/zip_member.h"

namespace sluice {
namespace {

constexpr std::string_view kEndMark{"PK\5\6", 4}, kEnd64Mark{"PK\6\6", 4}, kLocator64Mark{"PK\6\7", 4},
    kEntryMark{"PK\1\2", 4}, kMemberMark{"PK\3\4", 4};
constexpr std::size_t kEndBytes = 22, kLocator64Bytes = 20, kEnd64Bytes = 56, kEntryBytes = 46,
                      kMemberBytes = 30;
constexpr std::size_t kMostCommentBytes = 0xFFFF;
constexpr std::size_t kCopyBytes = 256 * 1024;

std::unexpected<Error> damaged_archive(const std::string& what) {
  return fail(ErrorKind::input, "is a damaged or incomplete zip archive: " + what +
                                    ". Was it cut off on its way? Fetch or save it again");
}

// Little-endian numbers; the caller has checked that they are there.
std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}
std::uint16_t u16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number_at(bytes, at, 2));
}
std::uint32_t u32(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint32_t>(number_at(bytes, at, 4));
}
std::uint64_t u64(std::string_view bytes, std::size_t at) { return number_at(bytes, at, 8); }

class CopySource : public ByteSource {
 public:
  CopySource(std::shared_ptr<const TemporaryFile> file, std::uint64_t offset)
      : file_(std::move(file)), at_(offset) {}
  Result<std::size_t> read(std::span<char> into, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "stopped");
    std::size_t count = TRY(file_->read(at_, into));
    at_ += count;
    return count;
  }

 private:
  std::shared_ptr<const TemporaryFile> file_;
  std::uint64_t at_;
};

Result<std::string> read_at(const SeekableInput& input, std::uint64_t offset, std::size_t bytes,
                            const std::stop_token& stop) {
  auto source = TRY(input.opener(offset));
  std::string text(bytes, '\0');
  for (std::size_t held = 0; held < bytes;) {
    std::size_t count = TRY(source->read(std::span(text).subspan(held), stop));
    if (count == 0) return damaged_archive("it ends in the middle of a part");
    held += count;
  }
  return text;
}

struct Directory {
  std::uint64_t members = 0, bytes = 0, offset = 0;
};

// The last 22 bytes, if no comment follows them; then the archive is zip64 where any of its numbers is full.
Result<Directory> find_directory(const SeekableInput& input, const std::stop_token& stop) {
  const std::uint64_t tail_bytes =
      std::min<std::uint64_t>(input.size, kEndBytes + kMostCommentBytes + kLocator64Bytes);
  const std::string tail =
      TRY(read_at(input, input.size - tail_bytes, static_cast<std::size_t>(tail_bytes), stop));
  std::size_t at = tail.rfind(kEndMark);
  while (at != std::string::npos &&
         (at + kEndBytes > tail.size() || at + kEndBytes + u16(tail, at + 20) > tail.size()))
    at = at == 0 ? std::string::npos : tail.rfind(kEndMark, at - 1);
  if (at == std::string::npos)
    return damaged_archive("the list of what is in it, which ends every archive, is missing");
  Directory found{u16(tail, at + 10), u32(tail, at + 12), u32(tail, at + 16)};
  if (u16(tail, at + 4) != 0 && u16(tail, at + 4) != 0xFFFF)
    return fail(ErrorKind::input,
                "is one of several files that make a zip archive together; put them together first");
  const bool is_full = found.members == 0xFFFF || found.bytes == 0xFFFFFFFF || found.offset == 0xFFFFFFFF;
  if (is_full && at >= kLocator64Bytes &&
      std::string_view(tail).substr(at - kLocator64Bytes).starts_with(kLocator64Mark)) {
    const std::uint64_t end64 = u64(tail, at - kLocator64Bytes + 8);
    if (end64 > input.size || input.size - end64 < kEnd64Bytes)
      return damaged_archive("its size does not fit the list in it");
    const std::string end = TRY(read_at(input, end64, kEnd64Bytes, stop));
    if (!end.starts_with(kEnd64Mark)) return damaged_archive("the list of what is in it cannot be found");
    found = {u64(end, 32), u64(end, 40), u64(end, 48)};
  }
  return found;
}

Result<> check(const Directory& directory, std::uint64_t archive_bytes) {
  if (directory.members > kZipMostMembers || directory.bytes > kZipMostDirectoryBytes)
    return fail(ErrorKind::input, "declares " + std::to_string(directory.members) + " parts; more than " +
                                      std::to_string(kZipMostMembers) + " are over the limit");
  if (directory.offset > archive_bytes || archive_bytes - directory.offset < directory.bytes ||
      directory.members * kEntryBytes > directory.bytes)
    return damaged_archive("its size does not fit the list in it");
  return {};
}

// What does not fit into an entry's 32 bits stands in its extra field with the id 1, in this order.
bool take_zip64(std::string_view extra, ZipMember& member) {
  std::uint64_t* numbers[] = {&member.plain_bytes, &member.packed_bytes, &member.offset};
  while (extra.size() >= 4) {
    const std::size_t size = u16(extra, 2);
    if (extra.size() - 4 < size) return true;  // padding that writers leave there
    if (u16(extra, 0) == 1) {
      std::string_view values = extra.substr(4, size);
      for (std::uint64_t* number : numbers) {
        if (*number != 0xFFFFFFFF) continue;
        if (values.size() < 8) return false;
        *number = u64(values, 0);
        values.remove_prefix(8);
      }
      return true;
    }
    extra.remove_prefix(4 + size);
  }
  return true;
}

bool leads_out(std::string_view name) {
  if (name.starts_with('/') || (name.size() > 1 && name[1] == ':')) return true;
  for (std::size_t at = 0; at <= name.size();) {
    std::size_t end = std::min(name.find('/', at), name.size());
    if (name.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

// Takes one entry from the front of `list`.
Result<ZipMember> take_entry(std::string_view& list) {
  if (list.size() < kEntryBytes || !list.starts_with(kEntryMark))
    return damaged_archive("the list of its parts is broken");
  const std::size_t name = u16(list, 28), extra = u16(list, 30), comment = u16(list, 32);
  if (list.size() < kEntryBytes + name + extra + comment)
    return damaged_archive("the list of its parts is cut off");
  ZipMember member;
  member.name = list.substr(kEntryBytes, name);
  std::ranges::replace(member.name, '\\', '/');  // as some writers on Windows had it
  member.encrypted = (u16(list, 8) & 1) != 0;
  member.method = u16(list, 10);
  member.checksum = u32(list, 16);
  member.packed_bytes = u32(list, 20);
  member.plain_bytes = u32(list, 24);
  member.offset = u32(list, 42);
  if (!take_zip64(list.substr(kEntryBytes + name, extra), member))
    return damaged_archive("the size of a part is missing");
  list.remove_prefix(kEntryBytes + name + extra + comment);
  return member;
}

bool by_name(const ZipMember& a, const ZipMember& b) { return folded_name(a.name) < folded_name(b.name); }

}  // namespace

std::string folded_name(std::string_view name) {
  std::string folded(name);
  for (char& c : folded)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return folded;
}

Result<SeekableInput> copy_to_seek(ByteSource& source, std::uint64_t most_bytes, std::stop_token stop) {
  auto copy = std::make_shared<TemporaryFile>(TRY(TemporaryFile::create()));
  auto block = std::make_unique_for_overwrite<char[]>(kCopyBytes);
  while (std::size_t count = TRY(source.read({block.get(), kCopyBytes}, stop))) {
    if (copy->size() + count > most_bytes)
      return fail(ErrorKind::input, "unpacks to more than " + std::to_string(most_bytes >> 20) +
                                        " MiB, which is over the limit for what is in it, a zip archive");
    TRY(copy->append({block.get(), count}));
  }
  SeekableInput input;
  input.size = copy->size();
  input.opener = [copy](std::uint64_t offset) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<CopySource>(copy, offset);
  };
  return input;
}

Result<ZipArchive> ZipArchive::open(SeekableInput input, std::stop_token stop) {
  if (input.size < kEndBytes) return damaged_archive("it has only " + std::to_string(input.size) + " bytes");
  const Directory directory = TRY(find_directory(input, stop));
  TRY(check(directory, input.size));
  const std::string bytes =
      TRY(read_at(input, directory.offset, static_cast<std::size_t>(directory.bytes), stop));
  ZipArchive archive;
  std::string_view list = bytes;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    ZipMember member = TRY(take_entry(list));
    if (leads_out(member.name))
      return fail(ErrorKind::input, "has a part with a name that leads out of the archive ('" +
                                        member.name.substr(0, 100) +
                                        "'), as no program packs it; it is not read");
    if (member.offset > input.size || member.packed_bytes > input.size - member.offset)
      return damaged_archive("'" + member.name.substr(0, 100) + "' would end behind the archive's end");
    archive.members_.push_back(std::move(member));
  }
  std::ranges::sort(archive.members_, by_name);
  auto twice = std::ranges::adjacent_find(archive.members_, [](const ZipMember& a, const ZipMember& b) {
    return folded_name(a.name) == folded_name(b.name);
  });
  if (twice != archive.members_.end())
    return fail(ErrorKind::input,
                "has the part '" + twice->name.substr(0, 100) +
                    "' twice, so that programs would read different things in it; save it again");
  archive.input_ = std::move(input);
  return archive;
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const std::string folded = folded_name(name);
  auto found = std::ranges::lower_bound(members_, folded, {},
                                        [](const ZipMember& member) { return folded_name(member.name); });
  return found != members_.end() && folded_name(found->name) == folded ? &*found : nullptr;
}

Result<std::unique_ptr<ByteSource>> ZipArchive::open(const ZipMember& member, std::stop_token stop) const {
  const std::string title = "'" + member.name + "'";
  if (member.encrypted)
    return fail(ErrorKind::input, "is protected with a password: " + title + " in it is encrypted");
  if (member.method != kZipStored && member.method != kZipDeflated)
    return fail(ErrorKind::input, "has a part that is compressed in a way that is not read (" + title +
                                      ", method " + std::to_string(member.method) + "); save it again");
  if (input_.size - member.offset < kMemberBytes) return damaged_archive(title + " is cut off");
  const std::string header = TRY(read_at(input_, member.offset, kMemberBytes, stop));
  if (!header.starts_with(kMemberMark)) return damaged_archive(title + " is not where the list says");
  const std::uint64_t begin = member.offset + kMemberBytes + u16(header, 26) + u16(header, 28);
  if (begin > input_.size || input_.size - begin < member.packed_bytes)
    return damaged_archive(title + " is cut off");
  return zip_member_source(TRY(input_.opener(begin)), member);
}

}  // namespace sluice
