// people_gen: a deterministic file of made-up people, for benchmarks.
//
//   people_gen ROWS [SEED=1] [--invalid=1.0] [--dup=5.0] [--first-id=0] [--format=csv|ndjson] > people.csv
//
// Columns: id,name,email,phone,state,signup_date,amount,notes
//  * --invalid per cent of the rows break exactly one rule (bad e-mail, bad date,
//    missing required field, bad amount, or bad id);
//  * --dup per cent re-emit an EARLIER valid row that differs only cosmetically
//    (e-mail case, surrounding blanks, date format), so it is an exact duplicate
//    after normalisation (trim, lower-case e-mail, ISO-8601 date);
//  * some fields are quoted and hold commas, line breaks or doubled quotes;
//  * names are UTF-8.
// A row depends only on (SEED, its index), so the output is the same on every
// machine, and a file of N rows is a prefix of a file of M > N rows.
// The expected counts go to stderr as one JSON line: use it to check results.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

uint64_t mix(uint64_t x) {  // splitmix64 finaliser
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

struct Rng {
  uint64_t s;
  uint64_t next() { return s = mix(s); }
  uint32_t below(uint32_t n) { return static_cast<uint32_t>((next() >> 32) * n >> 32); }
  bool chance(double percent) { return below(1000000) < percent * 10000.0; }
};

struct Name {
  const char* utf8;
  const char* ascii;
};
const Name kFirst[] = {
    {"Alice", "alice"},   {"Bob", "bob"},           {"Chloé", "chloe"}, {"David", "david"},
    {"Zoë", "zoe"},       {"François", "francois"}, {"Grace", "grace"}, {"Hiroshi", "hiroshi"},
    {"Irène", "irene"},   {"José", "jose"},         {"Karl", "karl"},   {"Łukasz", "lukasz"},
    {"María", "maria"},   {"Noah", "noah"},         {"Olena", "olena"}, {"Søren", "soren"},
    {"Jürgen", "jurgen"}, {"Анна", "anna"},         {"明", "ming"},     {"Emma", "emma"},
    {"Liam", "liam"},     {"Sofia", "sofia"},       {"Ethan", "ethan"}, {"Björk", "bjork"}};
const Name kLast[] = {{"Smith", "smith"},       {"Müller", "muller"},    {"O'Brien", "obrien"},
                      {"García", "garcia"},     {"Nowak", "nowak"},      {"Jensen", "jensen"},
                      {"Ivanova", "ivanova"},   {"Tanaka", "tanaka"},    {"李", "li"},
                      {"Dupont", "dupont"},     {"Rossi", "rossi"},      {"Johnson", "johnson"},
                      {"Williams", "williams"}, {"Åkesson", "akesson"},  {"Þórsson", "thorsson"},
                      {"Nguyễn", "nguyen"},     {"Brown", "brown"},      {"Davis", "davis"},
                      {"Wilson", "wilson"},     {"Martínez", "martinez"}};
const char* kDomain[] = {"example.com", "mail.example.org", "example.net", "corp.example.com"};
const char* kState[] = {"AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL",
                        "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT",
                        "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI",
                        "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY"};
const char* kNote[] = {"VIP customer",
                       "prefers e-mail",
                       "call after 5 pm",
                       "moved, address unknown",
                       "said \"call back later\"",
                       "first line\nsecond line",
                       "naïve café visitor",
                       "renewal due, see file",
                       "no marketing",
                       "ok"};
template <class T, size_t N>
constexpr uint32_t len(T (&)[N]) {
  return N;
}

struct Options {
  uint64_t rows = 0, seed = 1, first_id = 0;
  double invalid = 1.0, dup = 5.0;
  bool ndjson = false;
} opt;

enum Kind { kOriginal, kInvalid, kDuplicate };

Kind kind_of(uint64_t i) {
  Rng r{mix(opt.seed * 0x51ull ^ mix(i))};
  if (r.chance(opt.invalid)) return kInvalid;
  if (i > 0 && r.chance(opt.dup)) return kDuplicate;
  return kOriginal;
}

// Index of an earlier original row; returns i itself when there is none.
uint64_t original_before(uint64_t i) {
  Rng r{mix(opt.seed * 0x77ull ^ mix(i))};
  for (uint64_t j = r.next() % i;; --j) {
    if (kind_of(j) == kOriginal) return j;
    if (j == 0) return i;
  }
}

struct Row {
  std::string f[8];
};
const char* kHeader[8] = {"id", "name", "email", "phone", "state", "signup_date", "amount", "notes"};

void make_row(uint64_t content, uint64_t style, Row& row) {
  Rng c{mix(opt.seed ^ mix(content * 2 + 1))};             // decides the content
  Rng s{mix(opt.seed * 31 ^ mix(style * 2) ^ 0xABCDull)};  // decides the cosmetics
  const Name &first = kFirst[c.below(len(kFirst))], &last = kLast[c.below(len(kLast))];
  char buf[96];
  row.f[0] = std::to_string(opt.first_id + content + 1);
  row.f[1] = c.below(20) == 0 ? std::string(last.utf8) + ", " + first.utf8
                              : std::string(first.utf8) + " " + last.utf8;
  snprintf(buf, sizeof buf, "%s.%s%u@%s", first.ascii, last.ascii, c.below(100000),
           kDomain[c.below(len(kDomain))]);
  row.f[2] = buf;
  snprintf(buf, sizeof buf, "+1-%03u-555-%04u", 200 + c.below(800), c.below(10000));
  row.f[3] = buf;
  row.f[4] = kState[c.below(len(kState))];
  const unsigned y = 2005 + c.below(20), m = 1 + c.below(12), d = 1 + c.below(28);
  switch (s.below(10)) {  // ISO mostly; US and German forms too
    case 0:
    case 1: snprintf(buf, sizeof buf, "%02u/%02u/%04u", m, d, y); break;
    case 2: snprintf(buf, sizeof buf, "%02u.%02u.%04u", d, m, y); break;
    default: snprintf(buf, sizeof buf, "%04u-%02u-%02u", y, m, d);
  }
  row.f[5] = buf;
  snprintf(buf, sizeof buf, "%s%u.%02u", c.below(50) == 0 ? "-" : "", 1 + c.below(99999), c.below(100));
  row.f[6] = buf;
  row.f[7] = c.below(100) < 55 ? "" : kNote[c.below(len(kNote))];
  if (s.below(4) == 0)  // e-mail in mixed case
    for (char& ch : row.f[2])
      if (ch >= 'a' && ch <= 'z' && s.below(2)) ch -= 32;
  if (s.below(8) == 0) row.f[1] = " " + row.f[1];
  if (s.below(8) == 0) row.f[2] += "  ";
  if (s.below(16) == 0) row.f[4] += " ";
}

void break_row(uint64_t i, Row& row) {
  Rng r{mix(opt.seed * 97 ^ mix(i) ^ 0x5Eull)};
  switch (r.below(6)) {
    case 0: row.f[2] = "not-an-email"; break;
    case 1: row.f[2] = "user@@example..com"; break;
    case 2: row.f[5] = "2023-13-45"; break;
    case 3: row.f[1] = r.below(2) ? "" : "   "; break;
    case 4: row.f[6] = "12,3x"; break;
    default: row.f[0] = ""; break;
  }
}

void put_csv(std::string& out, const Row& row) {
  for (int k = 0; k < 8; ++k) {
    const std::string& v = row.f[k];
    if (k) out += ',';
    if (v.find_first_of(",\"\n\r") == std::string::npos) {
      out += v;
      continue;
    }
    out += '"';
    for (char ch : v) {
      if (ch == '"') out += '"';
      out += ch;
    }
    out += '"';
  }
  out += '\n';
}

void put_ndjson(std::string& out, const Row& row) {
  for (int k = 0; k < 8; ++k) {
    out += k ? ",\"" : "{\"";
    out += kHeader[k];
    out += "\":\"";
    for (char ch : row.f[k]) {
      if (ch == '"' || ch == '\\') {
        out += '\\';
        out += ch;
      } else if (ch == '\n')
        out += "\\n";
      else
        out += ch;
    }
    out += '"';
  }
  out += "}\n";
}

}  // namespace

// Writes the whole file; called by hand and by bench/measure.py.
int main(int argc, char** argv) {
  int pos = 0;
  for (int i = 1; i < argc; ++i) {
    const char* a = argv[i];
    if (!strncmp(a, "--invalid=", 10))
      opt.invalid = atof(a + 10);
    else if (!strncmp(a, "--dup=", 6))
      opt.dup = atof(a + 6);
    else if (!strncmp(a, "--first-id=", 11))
      opt.first_id = strtoull(a + 11, nullptr, 10);
    else if (!strcmp(a, "--format=ndjson"))
      opt.ndjson = true;
    else if (!strcmp(a, "--format=csv"))
      opt.ndjson = false;
    else if (pos == 0) {
      opt.rows = strtoull(a, nullptr, 10);
      ++pos;
    } else if (pos == 1) {
      opt.seed = strtoull(a, nullptr, 10);
      ++pos;
    } else {
      fprintf(stderr, "unknown argument: %s\n", a);
      return 2;
    }
  }
  if (pos == 0) {
    fprintf(
        stderr,
        "usage: people_gen ROWS [SEED] [--invalid=PCT] [--dup=PCT] [--first-id=N] [--format=csv|ndjson]\n");
    return 2;
  }
  std::string out;
  uint64_t invalid = 0, dup = 0, bytes = 0;
  Row row;
  if (!opt.ndjson) out = "id,name,email,phone,state,signup_date,amount,notes\n";
  for (uint64_t i = 0; i < opt.rows; ++i) {
    Kind k = kind_of(i);
    uint64_t content = i;
    if (k == kDuplicate) {
      content = original_before(i);
      if (content == i) k = kOriginal;
    }
    make_row(content, i, row);
    if (k == kInvalid) {
      break_row(i, row);
      ++invalid;
    }
    if (k == kDuplicate) ++dup;
    opt.ndjson ? put_ndjson(out, row) : put_csv(out, row);
    if (out.size() > (1u << 20) || i + 1 == opt.rows) {
      if (fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
        perror("write");
        return 1;
      }
      bytes += out.size();
      out.clear();
    }
  }
  if (fflush(stdout) != 0) {
    perror("flush");
    return 1;
  }
  fprintf(stderr,
          "{\"rows\":%llu,\"invalid\":%llu,\"duplicates\":%llu,\"unique_valid\":%llu,\"bytes\":%llu,\"seed\":"
          "%llu}\n",
          (unsigned long long)opt.rows, (unsigned long long)invalid, (unsigned long long)dup,
          (unsigned long long)(opt.rows - invalid - dup), (unsigned long long)bytes,
          (unsigned long long)opt.seed);
}
