// discard_writer: a RowWriter that keeps nothing and counts every row that would be stored as inserted: what
// `validate` and --dry-run write to. Rejects go to `on_reject`. It knows no other rows, so it finds no
// duplicates.
#pragma once

#include <functional>
#include <memory>

#include "ports/store.h"

namespace sluice {

using OnReject = std::function<Result<>(const RejectedRow&)>;
std::unique_ptr<RowWriter> make_discard_writer(OnReject on_reject, std::optional<std::uint64_t> max_rejects);

}  // namespace sluice
