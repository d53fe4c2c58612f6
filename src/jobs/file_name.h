// Names of files as senders give them: text to be shown and stored, never a path to anything. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// The last part of a path, as UTF-8 without control characters and marks that turn the direction of text, at
// most 255 bytes with its ending kept. "" where nothing is left.
std::string clean_file_name(std::string_view sent);

}  // namespace sluice
