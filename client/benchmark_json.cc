// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_json.h"

#include <google/protobuf/struct.pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/benchmark_result.h"
#include "client/format.h"
#include "client/proto_json.h"
#include "client/timestamp.h"

namespace actbench::client {
namespace {

using Members = std::vector<JsonMember>;

// Of the member "actbench"; to be raised when what old programs would read of a new file is no longer right.
constexpr int kSchemaVersion = 1;

// The keys, in and below the top level.
constexpr char kActbench[] = "actbench";
constexpr char kSchema[] = "schema_version";
constexpr char kRun[] = "run";

// {"type","level","size","num_sharing"} of each cache in the fingerprint's "l1 48 KiB, l2 1024 KiB"; what reads
// otherwise is left out. How many processors share one is not known, which Google Benchmark writes as 0.
std::string CachesJson(const v1::BenchmarkRun& run) {
  std::vector<std::string> caches;
  for (const v1::FingerprintField& field : run.fingerprint()) {
    if (field.name() != "caches") continue;
    for (const absl::string_view cache : absl::StrSplit(field.value(), ", ")) {
      const std::vector<absl::string_view> words = absl::StrSplit(cache, ' ');
      int level = 0;
      int64_t kib = 0;
      if (words.size() != 3 || words[2] != "KiB" || !absl::StartsWith(words[0], "l") ||
          !absl::SimpleAtoi(words[0].substr(1), &level) || !absl::SimpleAtoi(words[1], &kib) || kib < 0 ||
          kib > INT64_MAX >> 10) {
        continue;
      }
      caches.push_back(JsonObject({{"type", JsonString(level == 1 ? "Data" : "Unified")},
                                   {"level", absl::StrCat(level)},
                                   {"size", absl::StrCat(kib << 10)},
                                   {"num_sharing", "0"}}));
    }
  }
  return JsonArray(caches);
}

// The median of the results' clocks; 0 if there is none.
int64_t Mhz(const v1::BenchmarkRun& run) {
  std::vector<double> clocks;
  for (const v1::BenchmarkResult& result : run.results()) {
    const double mhz = result.clock_ghz() * 1e3;
    if (IsMeasured(result) && mhz > 0 && mhz < 1e6) clocks.push_back(mhz);
  }
  if (clocks.empty()) return 0;
  const auto middle = clocks.begin() + static_cast<std::ptrdiff_t>(clocks.size() / 2);
  std::nth_element(clocks.begin(), middle, clocks.end());
  return std::llround(*middle);
}

std::string ContextJson(const v1::BenchmarkRun& run) {
  return JsonObject({
      {"date", JsonString(absl::FormatTime(absl::RFC3339_sec, ToTime(run.time()), absl::UTCTimeZone()))},
      // Hosts are told apart by what times depend on, not by their names.
      {"host_name", JsonString(run.fingerprint_hash())},
      {"executable", JsonString("actbench")},
      {"num_cpus", absl::StrCat(run.machine().cpu_count())},
      {"mhz_per_cpu", absl::StrCat(Mhz(run))},
      {"caches", CachesJson(run)},
      {"load_avg", "[]"},
      {"library_build_type", JsonString("release")},
      {"actbench_version", JsonString(run.build().version())},
      {"actbench_revision", JsonString(run.build().revision())},
      {"actbench_build_id", JsonString(run.build_id())},
      {"actbench_processor", JsonString(run.machine().cpu_model())},
      {"actbench_fingerprint", JsonString(run.fingerprint_hash())},
      {"actbench_run", JsonString(run.id())},
      {"actbench_run_name", JsonString(run.name())},
  });
}

// JSON has no other numbers: 0 would be wrong, and a string would not be read.
void AppendIfFinite(const char* name, std::optional<double> value, Members& members) {
  if (value.has_value() && std::isfinite(*value)) members.emplace_back(name, JsonNumber(*value));
}

// Google Benchmark's user counters, which are flat.
void AppendCounters(const v1::BenchmarkResult& result, Members& members) {
  const v1::CallTime& time = result.time();
  AppendIfFinite("items_per_second", ElementsPerSecond(result), members);
  AppendIfFinite("bytes_per_second", BytesPerSecond(result), members);
  AppendIfFinite("ns_per_element", NsPerElement(result), members);
  AppendIfFinite("min_ns", time.min_ns(), members);
  AppendIfFinite("p90_ns", time.p90_ns(), members);
  AppendIfFinite("p99_ns", time.p99_ns(), members);
  if (HasInterval(result)) {
    AppendIfFinite("median_low_ns", time.median_low_ns(), members);
    AppendIfFinite("median_high_ns", time.median_high_ns(), members);
  }
  AppendIfFinite("copy_ratio", CopyRatio(result), members);
  if (result.has_accuracy()) AppendIfFinite("max_ulp", result.accuracy().max_ulp(), members);
  AppendIfFinite("clock_ghz", result.clock_ghz(), members);
  members.emplace_back("elements", absl::StrCat(result.elements()));
  members.emplace_back("processes", absl::StrCat(time.process_medians_ns_size()));
  members.emplace_back("noisy", IsNoisy(result) ? "1" : "0");
}

// All calls that were timed.
int64_t Iterations(const v1::CallTime& time) {
  int64_t calls = 0;
  return __builtin_mul_overflow(time.samples(), time.calls_per_sample(), &calls) ? INT64_MAX : calls;
}

// The families are functions: an activation with its direction and dtype.
class Families {
 public:
  // The family of the result, and its place there.
  std::pair<int, int> Place(const v1::Kernel& kernel) {
    const auto key = std::tuple(kernel.activation(), kernel.direction(), kernel.dtype());
    const auto family = families_.try_emplace(key, static_cast<int>(families_.size()), 0).first;
    return {family->second.first, family->second.second++};
  }

 private:
  std::map<std::tuple<std::string, int, int>, std::pair<int, int>> families_;
};

// As Google Benchmark 1.7 writes an iteration. github-action-benchmark reads the first row of a name, and takes the
// rows of repetitions and aggregates for others: so there is one row, in which the median stands for both times.
std::string RowJson(const v1::BenchmarkResult& result, std::pair<int, int> place) {
  const v1::CallTime& time = result.time();
  Members members = {{"name", JsonString(result.name())},
                     {"family_index", absl::StrCat(place.first)},
                     {"per_family_instance_index", absl::StrCat(place.second)},
                     {"run_name", JsonString(result.name())},
                     {"run_type", JsonString("iteration")},
                     {"repetitions", "1"},
                     {"repetition_index", "0"},
                     {"threads", absl::StrCat(result.threads())},
                     {"iterations", absl::StrCat(Iterations(time))},
                     {"real_time", JsonNumber(time.median_ns())},
                     {"cpu_time", JsonNumber(time.median_ns())},
                     {"time_unit", JsonString("ns")}};
  AppendCounters(result, members);
  if (const std::string note = NoteText(result); !note.empty()) members.emplace_back("label", JsonString(note));
  return JsonObject(members);
}

// The whole of it, by protobuf's JSON mapping, which has a text for all but some times.
std::string RunJson(v1::BenchmarkRun run) {
  run.clear_unsaved();
  if (!ToJson(run.time()).ok()) run.clear_time();
  return ToJson(run).value_or("{}");
}

absl::Status Damaged(int index, const v1::BenchmarkResult& result, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("it is damaged: result ", index + 1, " (\"", result.name(), "\") ", what));
}

bool IsTime(double ns) { return std::isfinite(ns) && ns > 0; }

// Whether all numbers are there that two runs are compared by.
absl::Status CheckResult(int index, const v1::BenchmarkResult& result) {
  const v1::CallTime& time = result.time();
  if (result.name().empty()) return Damaged(index, result, "has no name");
  if (result.has_accuracy() && !(result.accuracy().max_ulp() >= 0)) {
    return Damaged(index, result, "has an error that is no number from 0 on");
  }
  if (result.outcome() == v1::OUTCOME_SKIPPED || result.outcome() == v1::OUTCOME_ERROR) return absl::OkStatus();
  if (result.outcome() != v1::OUTCOME_MEASURED) return Damaged(index, result, "has no outcome");
  if (!IsMeasured(result)) return Damaged(index, result, "was measured, but has no time above 0 or no elements");
  const auto& medians = time.process_medians_ns();
  const bool has_interval =
      IsTime(time.median_low_ns()) && IsTime(time.median_high_ns()) && time.median_low_ns() <= time.median_high_ns();
  if (!has_interval && medians.size() != 1) return Damaged(index, result, "has no interval of its median");
  if (medians.empty() || !std::all_of(medians.begin(), medians.end(), IsTime)) {
    return Damaged(index, result, "was measured, but has no times of processes above 0");
  }
  return absl::OkStatus();
}

absl::Status CheckRun(const v1::BenchmarkRun& run) {
  if (run.results().empty()) return absl::InvalidArgumentError("it is damaged: its run has no results");
  std::set<std::string> names;
  for (int i = 0; i < run.results_size(); ++i) {
    if (absl::Status good = CheckResult(i, run.results(i)); !good.ok()) return good;
    if (!names.insert(run.results(i).name()).second) return Damaged(i, run.results(i), "has another one's name");
  }
  return absl::OkStatus();
}

// What is under "actbench", or why there is nothing.
absl::StatusOr<google::protobuf::Struct> FindActbench(const google::protobuf::Struct& file) {
  const auto own = file.fields().find(kActbench);
  if (own != file.fields().end() && own->second.has_struct_value()) return own->second.struct_value();
  const bool google = file.fields().contains("context") && file.fields().contains("benchmarks");
  return absl::InvalidArgumentError(
      absl::StrCat("it is ", google ? "Google Benchmark's JSON of another program" : "JSON, but of no benchmark run",
                   ": it has no object \"", kActbench, "\""));
}

absl::Status CheckSchema(const google::protobuf::Struct& own) {
  const auto version = own.fields().find(kSchema);
  if (version == own.fields().end() || !version->second.has_number_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is damaged: \"", kActbench, "\" has no number \"", kSchema, "\""));
  }
  const double number = version->second.number_value();
  if (number == kSchemaVersion) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("it has schema version ", number, "; this program reads ", kSchemaVersion,
                   number > kSchemaVersion ? ": use the actbench that wrote it, or a newer one" : ""));
}

}  // namespace

std::string GoogleBenchmarkJson(const v1::BenchmarkRun& run) {
  std::vector<std::string> rows;
  Families families;
  for (const v1::BenchmarkResult& result : run.results()) {
    // Those without times are under "actbench" alone. With error_occurred, as Google Benchmark marks them,
    // github-action-benchmark would still read a time, compare.py would too if there were one, and bencher refuses the
    // whole file if there is none.
    if (IsMeasured(result)) rows.push_back(RowJson(result, families.Place(result.kernel())));
  }
  return absl::StrCat("{\n\"context\": ", ContextJson(run), ",\n\"benchmarks\": ", JsonLines(rows), ",\n\"", kActbench,
                      "\": ", JsonObject({{kSchema, absl::StrCat(kSchemaVersion)}, {kRun, RunJson(run)}}), "\n}\n");
}

absl::StatusOr<v1::BenchmarkRun> ParseBenchmarkJson(const std::string& text) {
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")) {
    return absl::InvalidArgumentError("it is not a JSON object");
  }
  google::protobuf::Struct file;
  if (absl::Status parsed = FromJson(text, file); !parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is not JSON: ", parsed.message()));
  }
  const absl::StatusOr<google::protobuf::Struct> own = FindActbench(file);
  if (!own.ok()) return own.status();
  if (absl::Status good = CheckSchema(*own); !good.ok()) return good;
  const auto member = own->fields().find(kRun);
  const absl::StatusOr<std::string> json =
      member == own->fields().end() ? absl::NotFoundError("it is not there") : ToJson(member->second);
  v1::BenchmarkRun run;
  absl::Status parsed = json.ok() ? FromJson(*json, run, UnknownMembers::kIgnore) : json.status();
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("it is damaged: \"", kRun, "\": ", parsed.message()));
  }
  if (absl::Status good = CheckRun(run); !good.ok()) return good;
  return run;
}

}  // namespace actbench::client
