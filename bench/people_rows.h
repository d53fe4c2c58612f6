// The way of a people row as short as C++ can make it, for the programs that measure the machine's limits:
// CSV (RFC 4180) -> normalise (trim, lower-case e-mail, ISO 8601 date) -> validate -> canonical JSON (keys
// sorted, nulls left out) -> SHA-256. Measuring equipment: AVX2, hardly any error handling, one thread. The
// same rows and hashes as bench/people.yaml gives in Sluice, which bench/measure.py checks.
#pragma once
#include <fcntl.h>
#include <immintrin.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

inline double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// ---------------------------------------------------------------- CSV reader
// Constant memory: one growable buffer; a record's fields are views that stay
// valid until the next call. Quoted fields are unescaped in place.
class CsvReader {
 public:
  explicit CsvReader(const char* path, size_t buffer = 1 << 20) : buf_(buffer + kPad) {
    fd_ = ::open(path, O_RDONLY);
    if (fd_ < 0) throw std::runtime_error(std::string("cannot open ") + path);
  }
  ~CsvReader() { ::close(fd_); }

  // False at the end of the input.
  bool next(std::vector<std::string_view>& fields) {
    for (;;) {
      fields.clear();
      char* p = buf_.data() + pos_;
      char* const end = buf_.data() + len_;
      if (p == end) {
        if (!fill()) return false;
        continue;
      }
      if (parse(p, end, fields)) return true;
      if (!fill() && eof_) {  // last record without a line end
        if (tail_done_) return false;
        tail_done_ = true;
        reserve_one();
        buf_[len_++] = '\n';
      }
    }
  }
  uint64_t bytes() const { return total_; }

 private:
  static constexpr size_t kPad = 64;

  static const char* find_special(const char* p) {  // next , " or \n; the buffer is padded
    const __m256i c = _mm256_set1_epi8(','), q = _mm256_set1_epi8('"'), n = _mm256_set1_epi8('\n');
    for (;; p += 32) {
      const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
      const __m256i m = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, c), _mm256_cmpeq_epi8(v, q)),
                                        _mm256_cmpeq_epi8(v, n));
      const uint32_t bits = static_cast<uint32_t>(_mm256_movemask_epi8(m));
      if (bits) return p + __builtin_ctz(bits);
    }
  }

  bool parse(char* p, char* const end, std::vector<std::string_view>& fields) {
    buf_[len_] = '\n';  // sentinel inside the padding
    for (;;) {
      if (p < end && *p == '"') {
        // A quoted field is scanned read-only first: the record may be incomplete.
        char *s = p + 1, *r = s;
        bool escaped = false;
        for (;;) {
          char* q = static_cast<char*>(memchr(r, '"', static_cast<size_t>(end - r)));
          if (!q || q + 1 >= end) return false;
          if (q[1] == '"') {
            escaped = true;
            r = q + 2;
            continue;
          }
          r = q;
          break;
        }
        size_t n = static_cast<size_t>(r - s);
        if (escaped) {  // copied aside, so that a re-parse after a refill stays correct
          scratch_.push_back({});
          std::string& u = scratch_.back();
          for (char* k = s; k < r; ++k) {
            u += *k;
            if (*k == '"') ++k;
          }
          fields.emplace_back(u);
        } else {
          fields.emplace_back(s, n);
        }
        p = r + 1;
        if (*p == '\r') ++p;
        if (p >= end) return false;
      } else {
        char* q = const_cast<char*>(find_special(p));
        while (*q == '"') q = const_cast<char*>(find_special(q + 1));
        if (q >= end) return false;
        size_t n = static_cast<size_t>(q - p);
        if (*q == '\n' && n && q[-1] == '\r') --n;
        fields.emplace_back(p, n);
        p = q;
      }
      if (*p == '\n') {
        pos_ = static_cast<size_t>(p + 1 - buf_.data());
        return true;
      }
      ++p;
    }
  }

  void reserve_one() {
    if (len_ + kPad + 1 >= buf_.size()) buf_.resize(buf_.size() + 4096);
  }

  bool fill() {
    scratch_.clear();
    if (eof_) return false;
    if (pos_ > 0) {
      memmove(buf_.data(), buf_.data() + pos_, len_ - pos_);
      len_ -= pos_;
      pos_ = 0;
    }
    if (len_ + kPad >= buf_.size()) buf_.resize(buf_.size() * 2);
    const ssize_t n = ::read(fd_, buf_.data() + len_, buf_.size() - kPad - len_);
    if (n < 0) throw std::runtime_error("read failed");
    if (n == 0) {
      eof_ = true;
      return false;
    }
    len_ += static_cast<size_t>(n);
    total_ += static_cast<uint64_t>(n);
    return true;
  }

  int fd_;
  std::vector<char> buf_;
  std::deque<std::string> scratch_;  // a deque: views into it survive a push_back
  size_t pos_ = 0, len_ = 0;
  uint64_t total_ = 0;
  bool eof_ = false, tail_done_ = false;
};

// ------------------------------------------------- normalise, validate, canonicalise
inline std::string_view trim(std::string_view s) {
  while (!s.empty() && static_cast<unsigned char>(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && static_cast<unsigned char>(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}
inline bool digit(char c) { return c >= '0' && c <= '9'; }

inline bool iso_date(std::string_view s, char out[10]) {  // YYYY-MM-DD | MM/DD/YYYY | DD.MM.YYYY
  if (s.size() != 10) return false;
  int yo, mo, dd;
  if (s[4] == '-' && s[7] == '-') {
    yo = 0;
    mo = 5;
    dd = 8;
  } else if (s[2] == '/' && s[5] == '/') {
    mo = 0;
    dd = 3;
    yo = 6;
  } else if (s[2] == '.' && s[5] == '.') {
    dd = 0;
    mo = 3;
    yo = 6;
  } else
    return false;
  for (int k : {yo, yo + 1, yo + 2, yo + 3, mo, mo + 1, dd, dd + 1})
    if (!digit(s[static_cast<size_t>(k)])) return false;
  auto num = [&](int at, int n) {
    int v = 0;
    for (int i = 0; i < n; ++i) v = v * 10 + (s[static_cast<size_t>(at + i)] - '0');
    return v;
  };
  const int y = num(yo, 4), m = num(mo, 2), d = num(dd, 2);
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (y < 1 || m < 1 || m > 12 || d < 1) return false;
  const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  if (d > days[m - 1] + (m == 2 && leap)) return false;
  memcpy(out, s.data() + yo, 4);
  out[4] = '-';
  memcpy(out + 5, s.data() + mo, 2);
  out[7] = '-';
  memcpy(out + 8, s.data() + dd, 2);
  return true;
}

inline bool valid_email(std::string_view s) {  // ^[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$
  const size_t at = s.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  auto word = [](char c) { return (c >= 'a' && c <= 'z') || digit(c) || c == '-'; };
  for (size_t i = 0; i < at; ++i)
    if (!word(s[i]) && s[i] != '.' && s[i] != '_' && s[i] != '%' && s[i] != '+') return false;
  int labels = 0;
  size_t run = 0;
  for (size_t i = at + 1; i <= s.size(); ++i) {
    if (i == s.size() || s[i] == '.') {
      if (!run) return false;
      ++labels;
      run = 0;
    } else if (word(s[i]))
      ++run;
    else
      return false;
  }
  return labels >= 2;
}

inline void json_string(std::string& o, std::string_view s) {
  o += '"';
  size_t from = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(s[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    o.append(s.data() + from, i - from);
    from = i + 1;
    switch (c) {
      case '"': o += "\\\""; break;
      case '\\': o += "\\\\"; break;
      case '\n': o += "\\n"; break;
      case '\r': o += "\\r"; break;
      case '\t': o += "\\t"; break;
      case '\b': o += "\\b"; break;
      case '\f': o += "\\f"; break;
      default: {
        char b[8];
        snprintf(b, sizeof b, "\\u%04x", c);
        o += b;
      }
    }
  }
  o.append(s.data() + from, s.size() - from);
  o += '"';
}

// Fills 'json' with the canonical form; returns nullptr, or the name of the bad field.
inline const char* canonicalise(const std::vector<std::string_view>& f, std::string& json,
                                std::string& email) {
  if (f.size() != 8) return "row";
  const std::string_view id = trim(f[0]), name = trim(f[1]), mail = trim(f[2]), phone = trim(f[3]),
                         state = trim(f[4]), date = trim(f[5]), notes = trim(f[7]);
  std::string_view amount = trim(f[6]);
  if (id.empty() || id.size() > 18) return "id";
  for (char c : id)
    if (!digit(c)) return "id";
  if (name.empty()) return "name";
  email.assign(mail);
  for (char& c : email)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (!valid_email(email)) return "email";
  if (state.size() != 2) return "state";
  char iso[10];
  if (!iso_date(date, iso)) return "signup_date";
  size_t i = !amount.empty() && amount[0] == '-' ? 1 : 0;
  const size_t whole = i;
  while (i < amount.size() && digit(amount[i])) ++i;
  if (i == whole) return "amount";
  if (i < amount.size()) {
    if (amount[i] != '.') return "amount";
    const size_t frac = i + 1;
    for (i = frac; i < amount.size() && digit(amount[i]);) ++i;
    if (i != amount.size() || i == frac || i - frac > 2) return "amount";
    while (amount.back() == '0') amount.remove_suffix(1);
    if (amount.back() == '.') amount.remove_suffix(1);
  }
  json.assign("{\"amount\":").append(amount).append(",\"email\":");
  json_string(json, email);
  json.append(",\"id\":").append(id).append(",\"name\":");
  json_string(json, name);
  if (!notes.empty()) {
    json.append(",\"notes\":");
    json_string(json, notes);
  }
  json.append(",\"phone\":");
  json_string(json, phone);
  json.append(",\"signup_date\":\"").append(iso, 10).append("\",\"state\":");
  json_string(json, state);
  json += '}';
  return nullptr;
}

// ---------------------------------------------------------------- SHA-256
using Hash = std::array<unsigned char, 32>;
class Sha256 {  // one context, re-used; the digest is fetched once
 public:
  Sha256() : md_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), ctx_(EVP_MD_CTX_new()) {}
  ~Sha256() {
    EVP_MD_CTX_free(ctx_);
    EVP_MD_free(md_);
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void operator()(std::string_view s, Hash& out) {
    EVP_DigestInit_ex2(ctx_, md_, nullptr);
    EVP_DigestUpdate(ctx_, s.data(), s.size());
    EVP_DigestFinal_ex(ctx_, out.data(), nullptr);
  }

 private:
  EVP_MD* md_;
  EVP_MD_CTX* ctx_;
};

struct Row {
  Hash hash;
  int64_t row_number;
  std::string json;
};
