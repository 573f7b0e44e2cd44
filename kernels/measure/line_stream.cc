// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/line_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace actbench {

absl::Status LineStream::Receive() {
  std::array<char, 65536> buffer;
  ssize_t count = 0;
  do {
    count = recv(socket_, buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno != ECONNRESET) return absl::ErrnoToStatus(errno, "cannot receive");
  if (count <= 0) return absl::OutOfRangeError("the other end is closed");
  received_.append(buffer.data(), static_cast<size_t>(count));
  return absl::OkStatus();
}

std::optional<std::string> LineStream::TakeLine() {
  const size_t end = received_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  return line;
}

absl::StatusOr<std::string> LineStream::ReadLine() {
  for (;;) {
    if (std::optional<std::string> line = TakeLine()) return *std::move(line);
    if (absl::Status status = Receive(); !status.ok()) return status;
  }
}

absl::StatusOr<std::string> LineStream::ReadBytes(size_t count) {
  while (received_.size() < count) {
    if (absl::Status status = Receive(); !status.ok()) return status;
  }
  std::string bytes = received_.substr(0, count);
  received_.erase(0, count);
  return bytes;
}

absl::StatusOr<std::optional<std::string>> LineStream::TryReadLine(std::chrono::milliseconds wait) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + wait;
  for (;;) {
    if (std::optional<std::string> line = TakeLine()) return line;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    pollfd readable = {.fd = socket_, .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "cannot wait for what is received");
    if (ready > 0) {
      if (absl::Status status = Receive(); !status.ok()) return status;
    } else if (Clock::now() >= end) {
      return std::optional<std::string>();
    }
  }
}

absl::Status LineStream::Write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) return absl::OutOfRangeError("the other end is closed");
    if (count < 0) return absl::ErrnoToStatus(errno, "cannot send");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

}  // namespace actbench
