// SPDX-License-Identifier: Apache-2.0
// The program actbench-worker: times one benchmark case for the process that started it, to which its standard input is
// connected both ways. A process of its own for each measurement, as what does not change within a process (where its
// code and data lie) changes times by more than what is left to chance within it; and so that a kernel that crashes or
// hangs costs its case alone. Tested by worker_process_test.cc.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kernels/backends.h"
#include "kernels/measure/line_stream.h"
#include "kernels/measure/worker_messages.h"
#include "kernels/plugins.h"

namespace actbench {
namespace {

absl::StatusOr<std::shared_ptr<const Catalog>> CatalogOf(const std::string& line) {
  const absl::StatusOr<LoadedPlugins> plugins = PluginsOf(line);
  const absl::StatusOr<bool> needs_gpu = NeedsGpu(line);
  if (!plugins.ok()) return plugins.status();
  if (!needs_gpu.ok()) return needs_gpu.status();
  // Each process would look for them, and the driver's threads would run beside what is timed.
  return MakeSameCatalog(*plugins, *needs_gpu ? GpuLimits() : kNoGpus);
}

// Of the task that the line is, and what is given with it. The catalog has to outlive it.
absl::StatusOr<std::unique_ptr<CaseRunner>> MakeRunner(LineStream& stream, const std::string& line,
                                                       const Catalog& catalog) {
  absl::StatusOr<WorkerTask> task = TaskFromLine(line, catalog);
  const absl::StatusOr<size_t> given = GivenInputsOf(line);
  if (!task.ok()) return task.status();
  if (!given.ok()) return given.status();
  BenchmarkCase& benchmark = task->benchmark;
  for (size_t i = 0; i < *given; ++i) {
    absl::StatusOr<std::string> bytes = stream.ReadBytes(benchmark.elements * benchmark.element_bytes());
    if (!bytes.ok()) return bytes.status();
    benchmark.given.push_back(*std::move(bytes));
  }
  return CaseRunner::Make(benchmark, task->layout_seed, task->cpus);
}

std::string Answer(CaseRunner& runner, LineStream& stream, const std::string& line) {
  const absl::StatusOr<WorkerRequest> request = RequestFromLine(line);
  if (!request.ok()) return ToLine(request.status());
  if (request->error_samples > 0) {
    const absl::StatusOr<SampledError> error = runner.MeasureError(request->error_samples, [&] {
      // Whoever has gone is noticed at the answer.
      stream.Write(BusyLine()).IgnoreError();
    });
    return error.ok() ? ToLine(*error) : ToLine(error.status());
  }
  const absl::StatusOr<Slice> slice = runner.Run(request->run);
  return slice.ok() ? ToLine(*slice) : ToLine(slice.status());
}

int Main() {
  LineStream stream(STDIN_FILENO);
  const absl::StatusOr<std::string> first = stream.ReadLine();
  if (!first.ok()) {
    std::cerr << "actbench-worker is started by actbench-server and actbench, which talk to it\n";
    return 2;
  }
  const absl::StatusOr<std::shared_ptr<const Catalog>> catalog = CatalogOf(*first);
  const absl::StatusOr<std::unique_ptr<CaseRunner>> runner =
      catalog.ok() ? MakeRunner(stream, *first, **catalog) : catalog.status();
  if (!runner.ok()) return stream.Write(ToLine(runner.status())).ok() ? 0 : 2;
  if (!stream.Write(ReadyLine()).ok()) return 2;
  for (;;) {
    const absl::StatusOr<std::string> line = stream.ReadLine();
    if (!line.ok()) return 0;
    if (!stream.Write(Answer(**runner, stream, *line)).ok()) return 2;
  }
}

}  // namespace
}  // namespace actbench

int main() {
  // It ends with who started it, also when that is killed and a kernel hangs here. What is pressed at a terminal is for
  // that process alone.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  return actbench::Main();
}
