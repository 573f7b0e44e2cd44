// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_trial.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "kernels/catalog.h"
#include "kernels/float_environment.h"

namespace actbench {
namespace {

// Elements of a kernel: vectors, and a rest.
constexpr size_t kTried = 19;
// Before and after a buffer, so that it is not aligned, and what is written there is seen.
constexpr size_t kMargin = 65;
constexpr char kUntouched = 0x5a;

// What the child tells, in memory that its parent has too.
struct Findings {
  char doing[512];        // what it does now
  absl::StatusCode code;  // what it has found
  char message[4096];
  bool finished;
};

template <size_t kSize>
void Write(std::string_view text, char (&to)[kSize]) {
  to[text.copy(to, kSize - 1)] = 0;
}

// `elements` ones between the margins.
std::vector<char> Ones(Dtype dtype, size_t elements) {
  std::vector<char> buffer(elements * SizeBytes(dtype) + 2 * kMargin, kUntouched);
  for (size_t i = 0; i < elements; ++i) StoreElement(dtype, 1, buffer.data() + kMargin + i * SizeBytes(dtype));
  return buffer;
}

// What is wrong with the kernel's way to compute `n` elements, or nothing.
std::string WrongWith(const PreparedKernel& prepared, const Kernel& kernel, size_t activation_inputs, size_t n) {
  const bool is_gradient = kernel.direction == Direction::kGradient;
  const std::vector<char> input = Ones(kernel.dtype, kTried);
  const std::vector<const void*> inputs(activation_inputs + (is_gradient ? 1 : 0), input.data() + kMargin);
  std::vector<std::vector<char>> outputs(is_gradient ? activation_inputs : 1,
                                         std::vector<char>(input.size(), kUntouched));
  std::vector<void*> output_data;
  output_data.reserve(outputs.size());
  for (std::vector<char>& output : outputs) output_data.push_back(output.data() + kMargin);
  if (absl::Status status = prepared.Run(inputs, output_data, n); !status.ok()) return std::string(status.message());
  const auto untouched = [](char c) { return c == kUntouched; };
  for (const std::vector<char>& output : outputs) {
    const auto end = output.begin() + kMargin + static_cast<ptrdiff_t>(n * SizeBytes(kernel.dtype));
    if (!std::all_of(output.begin(), output.begin() + kMargin, untouched) ||
        !std::all_of(end, output.end(), untouched)) {
      return absl::StrCat("writes outside of its output when it computes ", n, " elements");
    }
  }
  return input == Ones(kernel.dtype, kTried) ? "" : "writes to its input";
}

std::string WrongWith(const Kernel& kernel) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  std::vector<double> parameters;
  for (const Parameter& parameter : activation.Parameters()) parameters.push_back(parameter.default_value);
  const FloatEnvironment before;
  std::string wrong;
  {
    const PreparedKernel prepared(kernel, parameters.data());
    if (prepared.ok()) wrong = WrongWith(prepared, kernel, activation.inputs, 0);
    if (prepared.ok() && wrong.empty()) wrong = WrongWith(prepared, kernel, activation.inputs, kTried);
  }
  const std::string changed = before.Restore();
  return changed.empty() ? wrong : absl::StrCat("leaves another floating-point environment: ", changed);
}

// In the child: no core file, no output, and signals do what they do to a process that does not care.
void SetUpChild(unsigned patience_seconds) {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int null = open("/dev/null", O_RDWR);
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) dup2(null, descriptor);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGALRM, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP}) {
    std::signal(signal, SIG_DFL);
    sigaddset(&signals, signal);
  }
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  alarm(patience_seconds);
}

absl::Status LoadAndRun(absl::FunctionRef<absl::StatusOr<std::vector<Kernel>>()> load, Findings& findings) {
  Write("loading it", findings.doing);
  const absl::StatusOr<std::vector<Kernel>> kernels = load();
  if (!kernels.ok()) return kernels.status();
  for (const Kernel& kernel : *kernels) {
    Write(absl::StrCat("running ", kernel.Name()), findings.doing);
    const std::string wrong = WrongWith(kernel);
    if (!wrong.empty()) return absl::InvalidArgumentError(absl::StrCat(kernel.Name(), " ", wrong));
  }
  return absl::OkStatus();
}

// Why a child that did not finish has ended.
std::string WhyEnded(int wait_status, unsigned patience_seconds) {
  if (!WIFSIGNALED(wait_status)) return absl::StrCat("ends the process, with status ", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  if (signal == SIGALRM) return absl::StrCat("takes more than ", patience_seconds, " s");
  return absl::StrCat("ends the process, by signal ", signal, " (", strsignal(signal), ")",
                      signal == SIGILL ? "; was it compiled for instructions that this processor lacks?" : "");
}

}  // namespace

absl::Status TryInChild(absl::FunctionRef<absl::StatusOr<std::vector<Kernel>>()> load, unsigned patience_seconds) {
  void* const memory =
      mmap(nullptr, sizeof(Findings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, /*fd=*/-1, /*offset=*/0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "cannot be tried first: mmap");
  Findings& findings = *new (memory) Findings();
  const pid_t child = fork();
  if (child == 0) {
    SetUpChild(patience_seconds);
    const absl::Status found = LoadAndRun(load, findings);
    findings.code = found.code();
    Write(std::string_view(found.message().data(), found.message().size()), findings.message);
    findings.finished = true;
    _exit(0);
  }
  absl::Status status;
  if (child < 0) {
    status = absl::ErrnoToStatus(errno, "cannot be tried first: fork");
  } else {
    int wait_status = 0;
    while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
    status =
        findings.finished
            ? absl::Status(findings.code, findings.message)
            : absl::InvalidArgumentError(absl::StrCat(findings.doing, " ", WhyEnded(wait_status, patience_seconds)));
  }
  munmap(memory, sizeof(Findings));
  return status;
}

}  // namespace actbench
