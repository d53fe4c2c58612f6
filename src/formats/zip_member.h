// The bytes of one member of a zip archive, decompressed and checked. Included by zip_archive.cpp.
#pragma once

#include <memory>

#include "formats/zip_archive.h"

namespace sluice {

inline constexpr std::uint16_t kZipStored = 0, kZipDeflated = 8;

// `packed` stands at the member's first byte; what follows its last is not read.
std::unique_ptr<ByteSource> zip_member_source(std::unique_ptr<ByteSource> packed, const ZipMember& member);

}  // namespace sluice
