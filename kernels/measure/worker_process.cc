// SPDX-License-Identifier: Apache-2.0
#include "kernels/measure/worker_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

extern char** environ;

namespace actbench {
namespace {

// Starts `program` with `socket` as its standard input, and its output where errors go. Returns its number, or else
// what errno would be.
std::pair<pid_t, int> Spawn(const std::string& program, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  // Whatever signals a thread of the server blocks are not blocked there.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string name = program;
  std::array<char*, 2> arguments = {name.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return {pid, error};
}

// What waitpid says of it.
int KillAndReap(pid_t pid) {
  kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string WorkerBesideThisProgram() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path() / "actbench-worker";
}

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(const std::string& program) {
  std::array<int, 2> sockets = {};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket for a worker");
  }
  const auto [pid, error] = Spawn(program, sockets[1]);
  close(sockets[1]);
  if (error != 0) {
    close(sockets[0]);
    return absl::NotFoundError(
        absl::StrCat("cannot start the worker ", program, ": ", std::generic_category().message(error)));
  }
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(pid, sockets[0]));
}

WorkerProcess::~WorkerProcess() {
  close(socket_);
  if (!reaped_) KillAndReap(pid_);
}

void WorkerProcess::Interrupt() const { shutdown(socket_, SHUT_RDWR); }

absl::StatusOr<std::optional<std::string>> WorkerProcess::TryReadLine(std::chrono::milliseconds wait) {
  absl::StatusOr<std::optional<std::string>> line = stream_.TryReadLine(wait);
  return absl::IsOutOfRange(line.status()) ? HowItEnded() : line;
}

absl::Status WorkerProcess::Write(std::string_view bytes) {
  const absl::Status status = stream_.Write(bytes);
  return absl::IsOutOfRange(status) ? HowItEnded() : status;
}

absl::Status WorkerProcess::HowItEnded() {
  // What has begun to end ends as it began: the signal changes nothing then.
  const int status = KillAndReap(pid_);
  reaped_ = true;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return absl::AbortedError(absl::StrCat("the worker was ended by signal ", signal, " (", strsignal(signal), ")"));
  }
  return absl::AbortedError(absl::StrCat("the worker ended with exit status ", WEXITSTATUS(status)));
}

}  // namespace actbench
