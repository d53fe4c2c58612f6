// Reads exactly ISO 8601 as Table Schema's default formats have it: YYYY-MM-DD, hh:mm:ss[.f], and both joined
// by T, with Z or ±hh:mm allowed behind a time. The fast path of every date column.
#pragma once

#include <string_view>

#include "schema/moment.h"

namespace sluice {

// False: it has another form. The parts are not checked yet (settle does that).
bool scan_iso(std::string_view text, Temporal kind, Moment& moment);
// A canonical YYYY-MM-DD of the calendar: the one test most date cells need.
bool is_iso_date(std::string_view text);

}  // namespace sluice
