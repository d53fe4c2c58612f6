#include "jobs/upload_keys.h"

namespace sluice {
namespace {

constexpr std::string_view kUploads = "uploads/", kResumable = "resumable/", kSpooled = "spool/";

}  // namespace

std::string upload_key(const std::string& id) { return std::string(kUploads) + id; }
std::string resumable_key(const std::string& id) { return std::string(kResumable) + id; }

bool is_upload_key(std::string_view key) { return key.starts_with(kUploads) || is_resumable_key(key); }
bool is_resumable_key(std::string_view key) { return key.starts_with(kResumable); }
std::string id_of_upload_key(std::string_view key) { return std::string(key.substr(key.rfind('/') + 1)); }

bool is_own_key(std::string_view key) { return is_upload_key(key) || key.starts_with(kSpooled); }

}  // namespace sluice
