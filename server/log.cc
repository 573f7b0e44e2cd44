// SPDX-License-Identifier: Apache-2.0
#include "server/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

constexpr int kOff = static_cast<int>(kLogLevels.size());

// What the log is set to. Read on every message, so without a lock.
std::atomic<int> threshold = kOff;
std::atomic<LogFormat> log_format = LogFormat::kText;
std::array<std::atomic<int64_t>, kLogLevels.size()> messages_written = {};

// Never destroyed: threads may log until the process ends.
spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("actbench", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);  // `threshold` decides
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// A JSON value; what is not UTF-8 becomes U+FFFD, what JSON has no number for becomes null.
template <class T>
std::string Json(const T& value) {
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string JsonMembers(std::string_view message, std::initializer_list<LogField> fields) {
  std::string members = absl::StrCat("\"message\":", Json(message));
  for (const LogField& field : fields) {
    const std::string value = std::visit([](const auto& any) { return Json(any); }, field.value);
    absl::StrAppend(&members, ",", Json(field.name), ":", value);
  }
  return members;
}

// With control characters as in C, so that no line ends in the middle.
std::string OnOneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      line += absl::CEscape(absl::string_view(&c, 1));
    } else {
      line += c;
    }
  }
  return line;
}

// With control characters, quotes and backslashes as in C.
std::string Escaped(std::string_view text) {
  return absl::Utf8SafeCEscape(absl::string_view(text.data(), text.size()));
}

// As it is if it reads as one word; otherwise quoted, so that a line can be taken apart again.
std::string TextValue(std::string_view value) {
  const std::string escaped = Escaped(value);
  const bool is_word = !value.empty() && escaped == value && value.find_first_of(" =") == std::string_view::npos;
  return is_word ? std::string(value) : absl::StrCat("\"", escaped, "\"");
}
std::string TextValue(int64_t value) { return absl::StrCat(value); }
std::string TextValue(double value) { return absl::StrCat(value); }

std::string TextLine(std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = OnOneLine(message);
  for (const LogField& field : fields) {
    const std::string value = std::visit([](const auto& any) { return TextValue(any); }, field.value);
    absl::StrAppend(&line, " ", std::string(field.name), "=", value);
  }
  return line;
}

}  // namespace

std::string_view Name(LogLevel level) {
  static constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<size_t>(level)];
}

absl::Status StartLogging(LogFormat format, std::string_view level) {
  int new_threshold = level == "off" ? kOff : -1;
  for (LogLevel candidate : kLogLevels) {
    if (level == Name(candidate)) new_threshold = static_cast<int>(candidate);
  }
  if (new_threshold < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("log level \"", std::string(level), "\"; it must be debug, info, warning, error or off"));
  }
  const char* const pattern = format == LogFormat::kText ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v"
                                                         : R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
  Logger().set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  log_format = format;
  threshold = new_threshold;
  return absl::OkStatus();
}

bool LogEnabled(LogLevel level) { return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed); }

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  const std::string line = log_format == LogFormat::kText ? TextLine(message, fields) : JsonMembers(message, fields);
  Logger().log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
  messages_written[static_cast<size_t>(level)].fetch_add(1, std::memory_order_relaxed);
}

int64_t LogMessages(LogLevel level) {
  return messages_written[static_cast<size_t>(level)].load(std::memory_order_relaxed);
}

}  // namespace actbench
