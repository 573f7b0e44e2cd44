// SPDX-License-Identifier: Apache-2.0
#include "client/watched_output.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>
#include <sstream>
#include <streambuf>

namespace actbench::client {
namespace {

// Takes `room` characters, then fails as a full disk does.
class FullBuffer final : public std::streambuf {
 public:
  explicit FullBuffer(int room) : room_(room) {}

 protected:
  int_type overflow(int_type character) override {
    if (room_ == 0) return Fail(traits_type::eof());
    --room_;
    return character;
  }
  int sync() override { return room_ == 0 ? Fail(-1) : 0; }

 private:
  static int Fail(int result) {
    errno = ENOSPC;
    return result;
  }

  int room_;
};

// What is known after `write`, where three characters have room. errno is changed once more.
template <class Write>
int ErrorAfter(const Write& write) {
  FullBuffer buffer(3);
  std::ostream stream(&buffer);
  const WatchedOutput output(stream);
  write(stream);
  errno = EBADF;
  stream.clear();
  write(stream);
  errno = EBADF;
  return output.error();
}

TEST(WatchedOutputTest, KeepsTheReasonOfTheFirstFailure) {
  EXPECT_EQ(ErrorAfter([](std::ostream& stream) { stream << "a"; }), 0);
  EXPECT_EQ(ErrorAfter([](std::ostream& stream) { stream << "four"; }), ENOSPC);
  EXPECT_EQ(ErrorAfter([](std::ostream& stream) { stream.put('a').put('b'); }), ENOSPC);
  EXPECT_EQ(ErrorAfter([](std::ostream& stream) { stream << "abc" << std::flush; }), ENOSPC);
}

TEST(WatchedOutputTest, WritesByTheStreamsOwnBufferAndGivesItBack) {
  std::ostringstream stream;
  {
    const WatchedOutput output(stream);
    stream << "text";
    stream.put('!') << std::flush;
    EXPECT_EQ(output.error(), 0);
    EXPECT_NE(static_cast<std::ostream&>(stream).rdbuf(), stream.rdbuf());
  }
  EXPECT_EQ(stream.str(), "text!");
  EXPECT_EQ(static_cast<std::ostream&>(stream).rdbuf(), stream.rdbuf());
}

}  // namespace
}  // namespace actbench::client
