// The block kernel's logic, over an instruction set that gives byte comparisons as 64-bit masks. Included by
// csv_kernel_*.cpp only, each within its own anonymous namespace and with its own compiler flags; uses
// nothing of the standard library that could be emitted as a shared function with those flags.
//
// Block64 has: Block64(const char*), std::uint64_t where(char) const, static std::uint64_t
// prefix_xor(std::uint64_t).

constexpr std::uint64_t below(std::size_t bit) { return bit >= 64 ? ~0ull : (1ull << bit) - 1; }

// What is carried from one block to the next.
struct Carry {
  std::uint64_t inside = 0;      // all ones within quotes
  std::uint64_t opens_here = 1;  // the byte before was a delimiter, line end or quote
  std::uint64_t line_start = 1;
  std::uint64_t after_cr = 0;
};

struct Lines {
  std::uint64_t delimiters;  // outside quotes
  std::uint64_t cr, lf;
  std::uint64_t ends;    // the last byte of each line end: LF of CRLF, LF, CR
  std::uint64_t starts;  // first bytes of lines
  std::uint64_t odd;     // here the kernel cannot go on
};

// `at` is the block's first byte, of which `left` bytes are real; bytes after those do not count.
template <class Block64, bool kDelimiters>
[[gnu::always_inline]] inline Lines look(const char* at, std::size_t left, CsvSymbols symbols, Carry& carry) {
  Block64 block(at);
  std::uint64_t real = below(left);
  char next = left > 64 ? at[64] : '\0';
  Lines lines;
  lines.cr = block.where('\r') & real;
  lines.lf = block.where('\n') & real;
  lines.ends = lines.lf;
  if (lines.cr | carry.after_cr) [[unlikely]] {
    std::uint64_t lf_next = (lines.lf >> 1) | (static_cast<std::uint64_t>(next == '\n') << 63);
    lines.ends |= lines.cr & ~lf_next;
  }
  lines.starts = (lines.ends << 1) | carry.line_start;
  lines.odd = 0;
  std::uint64_t quotes = symbols.has_quote ? block.where(symbols.quote) & real : 0;
  std::uint64_t delimiters = 0;
  if (kDelimiters) delimiters = block.where(symbols.delimiter) & real;
  if (quotes | carry.inside) {
    if (!kDelimiters) delimiters = block.where(symbols.delimiter) & real;
    std::uint64_t inside = Block64::prefix_xor(quotes) ^ carry.inside;
    std::uint64_t edges = delimiters | lines.cr | lines.lf | quotes;
    std::uint64_t opens = (edges << 1) | carry.opens_here;
    bool next_closes = next == symbols.delimiter || next == '\n' || next == '\r' || next == symbols.quote;
    std::uint64_t closes = (edges >> 1) | (static_cast<std::uint64_t>(next_closes) << 63);
    lines.odd = (quotes & inside & ~opens) | (quotes & ~inside & ~closes) | ((lines.cr | lines.lf) & inside);
    delimiters &= ~inside;
    carry.inside = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    carry.opens_here = edges >> 63;
  } else {
    // A quote at the next block's first byte opens only after one of these.
    char last = at[63];
    carry.opens_here = last == symbols.delimiter || last == '\n' || last == '\r';
  }
  lines.delimiters = delimiters;
  if (symbols.has_comment) lines.odd |= lines.starts & block.where(symbols.comment) & real;
  carry.line_start = lines.ends >> 63;
  carry.after_cr = lines.cr >> 63;
  return lines;
}

template <class Block64>
CsvRun split(const char* bytes, std::size_t size, std::size_t target, std::uint64_t max_rows,
             std::size_t row_bytes, CsvSymbols symbols) {
  CsvRun run;
  Carry carry;
  for (std::size_t base = 0; base < target; base += 64) {
    Lines lines = look<Block64, false>(bytes + base, size - base, symbols, carry);
    std::uint64_t taken = lines.ends & below(target - base);
    if (lines.odd) taken &= below(static_cast<std::size_t>(__builtin_ctzll(lines.odd)));
    if (taken) {
      // Only a block's first line can be long, where row_bytes is more than a block; else each is looked at.
      std::uint64_t ends = row_bytes >= 64 ? taken & -taken : taken;
      std::uint64_t begin = run.bytes;
      for (; ends; ends &= ends - 1) {
        std::size_t end = base + static_cast<std::size_t>(__builtin_ctzll(ends));
        bool crlf = bytes[end] == '\n' && end > begin && bytes[end - 1] == '\r';
        if (end - begin - (crlf ? 1 : 0) > row_bytes) {
          taken &= below(end - base);
          lines.odd = 1;
          break;
        }
        begin = end + 1;
      }
    }
    if (taken) {
      std::uint64_t cr_at_start = lines.starts & lines.cr;
      // A blank line of one block's last CR and the next one's first LF begins in the block before.
      std::uint64_t blank = lines.starts | (cr_at_start << 1);
      if (base > 0 && (taken & 1) && bytes[base] == '\n' && bytes[base - 1] == '\r' && run.bytes == base - 1)
        blank |= 1;
      auto rows = static_cast<std::uint64_t>(__builtin_popcountll(taken & ~blank));
      for (; run.rows + rows > max_rows;
           rows = static_cast<std::uint64_t>(__builtin_popcountll(taken & ~blank))) {
        taken &= below(63 - static_cast<std::size_t>(__builtin_clzll(taken)));  // without the last
        lines.odd = 1;
      }
      if (taken == 0) break;
      run.lines += static_cast<std::uint64_t>(__builtin_popcountll(taken));
      run.rows += rows;
      run.bytes = base + 64 - static_cast<std::size_t>(__builtin_clzll(taken));
    }
    if (lines.odd || base + 64 - run.bytes > row_bytes + 64) break;
  }
  return run;
}

template <class Block64>
std::size_t index(const char* bytes, std::size_t size, std::size_t window, CsvSymbols symbols,
                  std::uint32_t* places) {
  Carry carry;
  std::size_t count = 0, whole = 0;
  for (std::size_t base = 0; base < window; base += 64) {
    std::uint64_t after_cr = carry.after_cr;
    Lines lines = look<Block64, true>(bytes + base, size - base, symbols, carry);
    std::uint64_t valid = below(window - base);
    if (lines.odd) valid &= below(static_cast<std::size_t>(__builtin_ctzll(lines.odd)));
    std::uint64_t ends = (lines.cr | (lines.lf & ~((lines.cr << 1) | after_cr))) & valid;
    // A record's CR is only taken together with its LF, which decides where the next one begins.
    std::uint64_t bits = (lines.delimiters & valid) | ends;
    if (ends) {
      std::uint64_t up_to_last = below(64 - static_cast<std::size_t>(__builtin_clzll(ends)));
      whole = count + static_cast<std::size_t>(__builtin_popcountll(bits & up_to_last));
    }
    std::uint32_t* to = places + count;
    count += static_cast<std::size_t>(__builtin_popcountll(bits));
    for (; bits; bits &= bits - 1)
      *to++ = static_cast<std::uint32_t>(base + static_cast<std::size_t>(__builtin_ctzll(bits)));
    if (lines.odd) break;
  }
  return whole;
}
