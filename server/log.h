// SPDX-License-Identifier: Apache-2.0
// The log: one line to stderr for each start, stop and error, and for each request at debug level. Thread-safe. Silent
// until StartLogging is called, so that the server as a library writes nothing. Tested by log_test.cc.
#ifndef ACTBENCH_SERVER_LOG_H_
#define ACTBENCH_SERVER_LOG_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "absl/status/status.h"

namespace actbench {

enum class LogFormat { kText, kJson };

enum class LogLevel { kDebug, kInfo, kWarning, kError };

inline constexpr std::array kLogLevels = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError};

// "debug", "info", "warning", "error".
std::string_view Name(LogLevel level);

// Starts to log messages of `level` ("debug", "info", "warning", "error", or "off") and above; may be called again to
// change either. INVALID_ARGUMENT if there is no such level.
//   text: 2026-01-31T12:34:56.789Z info serving address=127.0.0.1:50051
//   JSON: {"time":"2026-01-31T12:34:56.789Z","level":"info","message":"serving","address":"127.0.0.1:50051"}
absl::Status StartLogging(LogFormat format, std::string_view level);

// A named value of a message. Field names are ours ([a-z_]+; not time, level, message); values may hold anything: they
// are escaped, so that a message is always one line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, double> value;
};

// Logs `message`, such as Log(LogLevel::kInfo, "serving", {{"address", address}}).
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// Whether messages of this level are written: to skip making them where that costs.
bool LogEnabled(LogLevel level);

// The messages written so far; the value of actbench_log_messages_total.
int64_t LogMessages(LogLevel level);

}  // namespace actbench

#endif  // ACTBENCH_SERVER_LOG_H_
