// SPDX-License-Identifier: Apache-2.0
#include "client/run_source.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/benchmark_json.h"
#include "client/input_file.h"

namespace actbench::client {

absl::StatusOr<v1::BenchmarkRun> LoadRun(const std::string& argument, const ServerFlags& server) {
  if (!IsFile(argument)) {
    absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
    if (!client.ok()) return client.status();
    return client->GetRun(argument);
  }
  return LoadRunFile(argument);
}

absl::StatusOr<v1::BenchmarkRun> LoadRunFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadText(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<v1::BenchmarkRun> run = ParseBenchmarkJson(*text);
  if (run.ok()) return run;
  return absl::InvalidArgumentError(absl::StrCat(path == "-" ? "standard input" : path, ": ", run.status().message()));
}

}  // namespace actbench::client
