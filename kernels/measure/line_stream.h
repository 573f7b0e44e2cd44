// SPDX-License-Identifier: Apache-2.0
// Lines and bytes over a connected socket. Tested by line_stream_test.cc.
#ifndef ACTBENCH_KERNELS_MEASURE_LINE_STREAM_H_
#define ACTBENCH_KERNELS_MEASURE_LINE_STREAM_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace actbench {

class LineStream {
 public:
  // Of a socket, which stays the caller's.
  explicit LineStream(int socket) : socket_(socket) {}

  // Without its newline. OUT_OF_RANGE if the other end is closed, UNAVAILABLE if the socket fails.
  absl::StatusOr<std::string> ReadLine();
  absl::StatusOr<std::string> ReadBytes(size_t count);
  // Nothing if there is no whole line within `wait`.
  absl::StatusOr<std::optional<std::string>> TryReadLine(std::chrono::milliseconds wait);
  absl::Status Write(std::string_view bytes) const;

 private:
  // Receives something, for which it waits.
  absl::Status Receive();
  std::optional<std::string> TakeLine();

  const int socket_;
  std::string received_;
};

}  // namespace actbench

#endif  // ACTBENCH_KERNELS_MEASURE_LINE_STREAM_H_
