// The CSV (and TSV) format: RowFormat over a frozen plan. Called by format.cpp's table.
// The record's definition is in csv_rules.h and csv_record.h; csv_kernel.h is how it is fast.
#pragma once

#include <memory>

#include "formats/format.h"

namespace sluice {

struct CsvKernel;

std::unique_ptr<RowFormat> make_csv_format(const ReadPlan& plan);

// With that kernel, or none: every record then goes the exact way. For tests and benchmarks.
std::unique_ptr<RowFormat> make_csv_format(const ReadPlan& plan, const CsvKernel* kernel);

}  // namespace sluice
