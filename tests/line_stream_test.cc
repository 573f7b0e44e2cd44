// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/line_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace actbench {
namespace {

class LineStreamTest : public testing::Test {
 protected:
  LineStreamTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets_.data()), 0); }
  ~LineStreamTest() override {
    close(sockets_[0]);
    if (!closed_) close(sockets_[1]);
  }
  void CloseOther() {
    close(sockets_[1]);
    closed_ = true;
  }

  std::array<int, 2> sockets_ = {};
  bool closed_ = false;
};

TEST_F(LineStreamTest, LinesAndBytesComeAsTheyWereSent) {
  LineStream to(sockets_[0]);
  LineStream from(sockets_[1]);
  const std::string bytes = std::string("a\0b\n", 4) + std::string(100000, 'x');  // more than one read
  std::thread writer([&] { EXPECT_TRUE(to.Write("first\n\n" + bytes + "last\n").ok()); });
  EXPECT_EQ(*from.ReadLine(), "first");
  EXPECT_EQ(*from.ReadLine(), "");
  EXPECT_EQ(*from.ReadBytes(bytes.size()), bytes);
  EXPECT_EQ(*from.ReadLine(), "last");
  writer.join();
}

TEST_F(LineStreamTest, HalfALineIsNone) {
  LineStream to(sockets_[0]);
  LineStream from(sockets_[1]);
  ASSERT_TRUE(to.Write("half").ok());
  EXPECT_FALSE(from.TryReadLine(std::chrono::milliseconds(5))->has_value());
  ASSERT_TRUE(to.Write(" done\n").ok());
  EXPECT_EQ(**from.TryReadLine(std::chrono::seconds(10)), "half done");
}

TEST_F(LineStreamTest, AClosedEndIsToldToReadersAndWriters) {
  LineStream stream(sockets_[0]);
  CloseOther();
  EXPECT_TRUE(absl::IsOutOfRange(stream.ReadLine().status()));
  EXPECT_TRUE(absl::IsOutOfRange(stream.TryReadLine(std::chrono::seconds(10)).status()));
  EXPECT_TRUE(absl::IsOutOfRange(stream.Write("x\n"))) << "without a signal";
}

}  // namespace
}  // namespace actbench
