// The block kernel: records found 64 bytes at a time. A fast path only: it works on quote parity, verifies
// that every quote stands where a well-formed file has it, and stops before the first record where one does
// not, or where anything else is out of the ordinary; the caller reads that record with RecordReader and
// comes back. Called by the splitter and the parser, any thread. There is one kernel per instruction set, all
// equal.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice {

struct CsvSymbols {
  char delimiter;
  char quote;
  char comment;
  bool has_quote;
  bool has_comment;
};

struct CsvRun {
  std::size_t bytes = 0;   // whole lines taken
  std::uint64_t rows = 0;  // without blank lines
  std::uint64_t lines = 0;
};

struct CsvKernel {
  const char* name;
  // Whole records from `bytes` (which begins one) that end at or before `target` (<= size), max_rows rows at
  // most. Stops before a record of more than row_bytes. Reads up to 64 bytes past `size`, without taking them
  // into account.
  CsvRun (*split)(const char* bytes, std::size_t size, std::size_t target, std::uint64_t max_rows,
                  std::size_t row_bytes, CsvSymbols symbols);
  // The places of all delimiters and line ends (of CRLF: the CR) of the whole records that end within
  // `window`
  // (<= size), into `places`, which has room for window + 64. Returns their number.
  std::size_t (*index)(const char* bytes, std::size_t size, std::size_t window, CsvSymbols symbols,
                       std::uint32_t* places);
};

extern const CsvKernel kPortableCsvKernel;
#if defined(__x86_64__)
extern const CsvKernel kAvx2CsvKernel;  // only where the processor has it
#endif

// The fastest that this processor has.
const CsvKernel& best_csv_kernel();

}  // namespace sluice
