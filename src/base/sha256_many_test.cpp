#include "base/sha256_many.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sluice {
namespace {

std::vector<Digest> many(const std::vector<std::string>& texts) {
  std::vector<Digest> digests(texts.size());
  std::vector<TextToHash> asked;
  for (std::size_t i = 0; i < texts.size(); ++i) asked.push_back({texts[i], &digests[i]});
  hash_many(asked);
  return digests;
}

// FIPS 180-4's examples as NIST publishes them: alone, and beside another.
TEST(HashMany, vectors_of_the_standard) {
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  const std::string empty_is = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string abc_is = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const std::string two_blocks_is = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
  EXPECT_EQ(to_hex(many({"abc"})[0]), abc_is);
  EXPECT_TRUE(many({}).empty());
  auto three = many({two_blocks, "", "abc"});
  EXPECT_EQ(to_hex(three[0]), two_blocks_is);
  EXPECT_EQ(to_hex(three[1]), empty_is);
  EXPECT_EQ(to_hex(three[2]), abc_is);
}

// Every length about the borders of blocks beside every other, and long ones beside short ones.
TEST(HashMany, equals_one_by_one) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts(random() % 40);
    for (std::string& text : texts) {
      text.resize(random() % 8 == 0 ? random() % 5000 : random() % 200);
      for (char& c : text) c = static_cast<char>(random());
    }
    const auto digests = many(texts);
    for (std::size_t i = 0; i < texts.size(); ++i)
      ASSERT_EQ(digests[i], Sha256().of(texts[i])) << round << ", " << texts[i].size() << " bytes";
  }
}

}  // namespace
}  // namespace sluice
