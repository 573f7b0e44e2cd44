// SPDX-License-Identifier: Apache-2.0
// Why standard output could not be written. Tested by watched_output_test.cc and command_test.py.
#ifndef ACTBENCH_CLIENT_WATCHED_OUTPUT_H_
#define ACTBENCH_CLIENT_WATCHED_OUTPUT_H_

#include <ostream>
#include <streambuf>

namespace actbench::client {

// Writes by the stream's own buffer and keeps errno of the first failure: a stream only says that there was one, and
// errno is another's by the time that somebody asks.
class WatchedOutput final : public std::streambuf {
 public:
  // `stream` writes through this as long as it lives.
  explicit WatchedOutput(std::ostream& stream) : stream_(stream), buffer_(stream.rdbuf(this)) {}
  ~WatchedOutput() override { stream_.rdbuf(buffer_); }
  WatchedOutput(const WatchedOutput&) = delete;
  WatchedOutput& operator=(const WatchedOutput&) = delete;

  // 0 if nothing failed.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  // Looks at errno after a write.
  void Keep(bool good);

  std::ostream& stream_;
  std::streambuf* const buffer_;
  int error_ = 0;
};

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_WATCHED_OUTPUT_H_
