// SPDX-License-Identifier: Apache-2.0
// actbench-server: flags, signals, and the order of starting and stopping.
#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proto/program.h"
#include "server/flags.h"
#include "server/log.h"
#include "server/server.h"

namespace {

constexpr int kUnfinished = 1;
constexpr int kUsage = 2;
// What a shutdown may take beyond --drain_timeout before something must be stuck.
constexpr absl::Duration kMargin = absl::Seconds(10);

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Ends the process at the next stop signal, or after `limit`, whatever else hangs.
void ExitAtSecondSignal(absl::Duration limit) {
  const sigset_t signals = StopSignals();
  const absl::Time end = absl::Now() + limit;
  bool signalled = false;
  // Again where it was only interrupted, as by a debugger.
  do {
    const timespec wait = absl::ToTimespec(std::max(end - absl::Now(), absl::ZeroDuration()));
    signalled = sigtimedwait(&signals, nullptr, &wait) > 0;
  } while (!signalled && absl::Now() < end);
  actbench::Log(actbench::LogLevel::kError, signalled ? "second signal: exiting at once" : "shutdown hangs: exiting");
  _exit(kUnfinished);
}

// gRPC's own messages. An error of its is at worst one connection's, and clients can cause as many as they like: so one
// in a second is a warning.
void LogGrpcMessage(gpr_log_func_args* message) {
  static std::atomic<int64_t> last_warning = 0;
  actbench::LogLevel level = actbench::LogLevel::kDebug;
  if (message->severity == GPR_LOG_SEVERITY_ERROR) {
    const int64_t now = absl::ToUnixSeconds(absl::Now());
    if (last_warning.exchange(now) != now) level = actbench::LogLevel::kWarning;
  }
  actbench::Log(level, message->message, {{"source", "grpc"}});
}

// protobuf's: it complains about requests that are not UTF-8, which get their answer.
void LogProtobufMessage(google::protobuf::LogLevel /*level*/, const char* /*file*/, int /*line*/,
                        const std::string& message) {
  actbench::Log(actbench::LogLevel::kDebug, message, {{"source", "protobuf"}});
}

// One line each, for people and scripts: gRPC first.
void PrintAddresses(const actbench::Server& server) {
  if (!server.address().empty()) std::printf("actbench-server: serving gRPC on %s\n", server.address().c_str());
  if (!server.metrics_address().empty()) {
    std::printf("actbench-server: serving metrics on %s\n", server.metrics_address().c_str());
  }
  std::fflush(stdout);
}

int Run(const actbench::Flags& flags) {
  using actbench::Log;
  using actbench::LogLevel;
  absl::StatusOr<std::unique_ptr<actbench::Server>> server = actbench::Server::Start(flags.server);
  if (!server.ok()) {
    // What came from a variable is told of that.
    const std::string message = absl::StrReplaceAll(server.status().message(), flags.variables);
    if (!actbench::LogEnabled(LogLevel::kError)) std::fprintf(stderr, "actbench-server: %s\n", message.c_str());
    Log(LogLevel::kError, message);
    return kUsage;
  }
  PrintAddresses(**server);
  Log(LogLevel::kInfo, "serving",
      {{"address", (*server)->address()}, {"metrics_address", (*server)->metrics_address()}});
  const sigset_t signals = StopSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  Log(LogLevel::kInfo, "stopping",
      {{"signal", int64_t{signal}}, {"drain_timeout", absl::FormatDuration(flags.drain_timeout)}});
  std::thread(ExitAtSecondSignal, flags.drain_timeout + kMargin).detach();
  const bool finished = (*server)->Shutdown(flags.drain_timeout);
  Log(finished ? LogLevel::kInfo : LogLevel::kError, finished ? "stopped" : "stopped before all work was finished");
  return finished ? 0 : kUnfinished;
}

}  // namespace

int main(int argc, char** argv) {
  actbench::KeepStandardDescriptors();
  std::optional<int> exit_status;
  const actbench::Flags flags = actbench::ParseFlags(argc, argv, exit_status);
  if (exit_status.has_value()) return *exit_status;
  // Before any thread starts, so that every thread inherits it and only sigwait gets them.
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A reader of stdout that went away is no reason to stop serving.
  std::signal(SIGPIPE, SIG_IGN);
  gpr_set_log_function(LogGrpcMessage);
  google::protobuf::SetLogHandler(LogProtobufMessage);
  if (const absl::Status status = actbench::StartLogging(flags.log_format, flags.log_level); !status.ok()) {
    std::fprintf(stderr, "actbench-server: %s\n", std::string(status.message()).c_str());
    return kUsage;
  }
  return Run(flags);
}
