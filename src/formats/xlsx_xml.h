// XmlReader: walks one XML part of a workbook, piece by piece, by expat. What a workbook may not hold (a DTD,
// entities, thousands of levels, names without end) is refused before it costs anything. One thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/byte_source.h"

namespace sluice {

// The attributes of an element; valid within XmlHandler::start.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char** names_and_values) : list_(names_and_values) {}
  // Of an attribute without a prefix.
  std::optional<std::string_view> get(std::string_view name) const;
  // Of an attribute in a namespace for relationships, Transitional or Strict: r:id.
  std::optional<std::string_view> relationship(std::string_view name) const;

 private:
  const char** list_;
};

// Told of the elements in a namespace of spreadsheets or packages, Transitional or Strict, or in none,
// whatever their prefix, by their local names; elements of others have the name "".
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual void start(std::string_view name, const XmlAttributes& attributes) = 0;
  virtual void end(std::string_view name) = 0;
  virtual void text(std::string_view piece) = 0;
};

class XmlReader {
 public:
  // `part`: its name, for messages.
  XmlReader(std::unique_ptr<ByteSource> source, std::string part, XmlHandler& handler);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  // Walks on by some 32 KiB, or until pause(). False: the part is over, and its checksum was right.
  // Errors (input): as the rest of a sentence about the file.
  Result<bool> step(std::stop_token stop);
  // To the end.
  Result<> run(std::stop_token stop);

  // To the end without telling the handler of what follows: is the part whole?
  Result<> skip_rest(std::stop_token stop);

  // To be called by the handler only.
  void pause();                       // step() returns soon; the next one goes on
  void finish();                      // nothing more is asked for
  void refuse(std::string sentence);  // step() fails with it: input

 private:
  class Expat;
  std::unique_ptr<Expat> expat_;
};

}  // namespace sluice
