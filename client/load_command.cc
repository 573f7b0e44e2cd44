// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/format.h"
#include "client/interrupt.h"
#include "client/load_generator.h"
#include "client/load_input.h"
#include "client/load_json.h"
#include "client/load_result.h"
#include "client/load_table.h"
#include "client/output_file.h"
#include "proto/usage.h"

namespace actbench::client {
namespace {

constexpr char kNotes[] = R"(Examples:
  actbench load
  actbench --server localhost:50051 load gelu_erf --size 65536 --rate 1000 --duration 30 --connections 4
  actbench --server localhost:50051 load --rate 500,1000,2000,4000 --json sweep.json
  actbench --server localhost:50051 load silu --rate 1000 --slo_ms 5 --slo_quantile 0.999

The load is open-loop: when each request is to be sent is drawn beforehand, and one that is slow does not hold up the
next. Latency is from that time to the response, so that it has all waiting in it. A list of rates is a sweep: each is
measured on its own, in the order given, and has a row.
A quantile p takes 10 / (1 - p) requests that succeeded: p99.9 takes 10,000. With fewer it is "-".
Below are the server's own times and what is left of the latency: the network, gRPC and this client.
"late" is how long after its time the generator sent a request. Where that is much, for want of a processor, the
latencies are not the server's alone: exit status 3.
Exit status: 1 the --slo_ms was missed, 2 no request succeeded, 3 not to be trusted or too few requests for the
--slo_ms; the highest but for 2, which comes first. Ctrl-C prints what there is, and the command ends as by the signal:
status 130 in a shell.
docs/load.md says how it is measured, docs/formats.md has the JSON.)";

constexpr double kMostPerSecond = 1e6;
constexpr double kMostSeconds = 86400;
constexpr double kMostMs = 1e3 * kMostSeconds;
constexpr int64_t kMostConnections = 1000;
constexpr int64_t kMostInFlight = 1'000'000;
// By default in flight: so many requests, or fewer where they and their responses would take more than so many bytes.
constexpr int64_t kUsualInFlight = 256;
constexpr int64_t kUsualInFlightBytes = int64_t{1} << 30;

struct LoadFlags {
  LoadInputFlags input;
  std::string rates = "100";  // with commas
  std::string arrivals = "poisson";
  double duration_seconds = 10;
  double warm_up_seconds = 1;
  int64_t connections = 1;
  std::optional<int64_t> max_in_flight = {};
  double deadline_ms = 10'000;
  std::optional<double> slo_ms = {};
  double slo_quantile = 0.99;
  std::optional<double> max_late_ms = {};
  std::string json;
};

absl::StatusOr<std::vector<double>> ParseRates(const std::string& text) {
  std::vector<double> rates;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    double rate = 0;
    if (!absl::SimpleAtod(part, &rate) || !(rate > 0) || rate > kMostPerSecond) {
      return absl::InvalidArgumentError(absl::StrCat("--rate: \"", part, "\" is not a rate above 0, at most ",
                                                     GroupedDecimal(std::llround(kMostPerSecond)),
                                                     " requests per second; several have commas between them"));
    }
    rates.push_back(rate);
  }
  return rates;
}

absl::Status CheckFlags(const LoadFlags& flags, const std::vector<double>& rates, const ServerFlags& server) {
  const double least = *std::min_element(rates.begin(), rates.end());
  if (least * flags.duration_seconds < 1) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--rate %g for --duration %g is less than one request", least, flags.duration_seconds));
  }
  if (flags.connections > 1 && server.address.empty()) {
    return absl::InvalidArgumentError(
        "--connections needs --server or ACTBENCH_SERVER: there are none to a server in this process");
  }
  return absl::OkStatus();
}

// Responses are about as large as requests.
int64_t DefaultInFlight(int64_t request_bytes) {
  return std::clamp<int64_t>(kUsualInFlightBytes / (2 * std::max<int64_t>(request_bytes, 1)), 1, kUsualInFlight);
}

// Sends the request once: what is wrong with it is told before the load, and the kernel is known.
absl::StatusOr<v1::EvaluateResult> TryOnce(Client& client, const v1::EvaluateRequest& request) {
  absl::StatusOr<v1::EvaluateResponse> response = client.EvaluateBatch(request);
  if (!response.ok()) return response.status();
  if (response->results().empty()) return absl::InternalError("the server gave no result");
  const v1::ItemStatus& status = response->results(0).status();
  if (status.code() != 0) return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
  return std::move(*response->mutable_results(0));
}

absl::StatusOr<v1::EvaluateRequest> MakeRequest(Client& client, const LoadInputFlags& flags) {
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return info.status();
  const absl::StatusOr<v1::ListActivationsResponse> activations = client.ListActivations();
  if (!activations.ok()) return activations.status();
  return MakeLoadRequest(flags, *activations, info->limits());
}

LoadSetup MakeSetup(const LoadFlags& flags, const ServerFlags& server, const v1::EvaluateRequest& request,
                    const v1::EvaluateResult& result) {
  const auto request_bytes = static_cast<int64_t>(request.ByteSizeLong());
  LoadSetup setup = {
      .kernel = result.kernel(),
      .parameters = {result.parameters().begin(), result.parameters().end()},
      .size = flags.input.size,
      .batch = flags.input.batch,
      .request_bytes = request_bytes,
      .server = server.address,
      .arrivals = flags.arrivals == ArrivalsName(Arrivals::kConstant) ? Arrivals::kConstant : Arrivals::kPoisson,
      .seed = flags.input.seed,
      .warm_up_seconds = flags.warm_up_seconds,
      .duration_seconds = flags.duration_seconds,
      .connections = flags.connections,
      .max_in_flight = flags.max_in_flight.value_or(DefaultInFlight(request_bytes)),
      .deadline_ms = flags.deadline_ms,
      .max_late_ms = flags.max_late_ms};
  if (flags.slo_ms.has_value()) setup.slo = {*flags.slo_ms, flags.slo_quantile};
  return setup;
}

LoadPlan MakePlan(const LoadSetup& setup, double rate) {
  const auto nanoseconds = [](double seconds) { return std::chrono::nanoseconds(std::llround(seconds * 1e9)); };
  return {.arrivals = setup.arrivals,
          .seed = setup.seed,
          .rate = rate,
          .warm_up = nanoseconds(setup.warm_up_seconds),
          .duration = nanoseconds(setup.duration_seconds),
          .max_in_flight = setup.max_in_flight,
          .slo_limit = nanoseconds(setup.slo.has_value() ? setup.slo->limit_ms / 1e3 : 0)};
}

// A load of each rate, with a line as it ends, until one is interrupted or in vain. `text` is for the tables.
std::vector<LoadResult> RunRates(const LoadSetup& setup, const std::vector<double>& rates,
                                 const v1::EvaluateRequest& request, std::vector<Client>& clients, bool only_table,
                                 std::ostream& text) {
  Cancellation cancellation;
  const Interrupt interrupt(cancellation);
  for (Client& client : clients) {
    client.set_timeout(absl::Milliseconds(setup.deadline_ms));
    client.set_cancellation(&cancellation);
  }
  const LoadTable table(setup);
  text << table.Header() << std::flush;
  std::vector<LoadResult> results;
  for (const double rate : rates) {
    results.push_back(GenerateLoad(absl::MakeSpan(clients), request, MakePlan(setup, rate), cancellation));
    const LoadResult& result = results.back();
    text << table.Line(result) << std::flush;
    for (const std::string& remark : Remarks(setup, result)) {
      std::cerr << "actbench: at " << MeasuredDecimal(rate) << "/s " << remark << std::endl;
    }
    // What is told already, or by main where the table cannot be written.
    if (result.succeeded == 0 || result.interrupted || (only_table && !text)) break;
  }
  if (results.size() < rates.size()) {
    std::cerr << "actbench: " << rates.size() - results.size() << " of " << rates.size() << " rates were not tried"
              << std::endl;
  }
  for (Client& client : clients) client.set_cancellation(nullptr);
  return results;
}

absl::Status WriteJson(const OutputFile& file, const LoadSetup& setup, const std::vector<LoadResult>& results) {
  return file.WriteAndTell(LoadJson(setup, results), results.size(), "rate");
}

ExitStatus Judge(const LoadSetup& setup, const std::vector<LoadResult>& results) {
  ExitStatus status = kSuccess;
  for (const LoadResult& result : results) {
    if (result.succeeded == 0) return kFailure;
    const SloVerdict slo = setup.slo.has_value() ? JudgeSlo(*setup.slo, result) : SloVerdict::kMet;
    if (slo == SloVerdict::kMissed) status = std::max(status, kAnswerIsNo);
    if (slo == SloVerdict::kTooFew || JudgePunctuality(setup, result).late) status = kUntrusted;
  }
  return status;
}

absl::StatusOr<std::vector<Client>> OpenClients(const ServerFlags& server, int64_t count) {
  std::vector<Client> clients;
  for (int64_t i = 0; i < count; ++i) {
    absl::StatusOr<Client> client = OpenClient(server);
    if (!client.ok()) return client.status();
    clients.push_back(*std::move(client));
  }
  return clients;
}

ExitStatus RunLoad(const LoadFlags& flags, const ServerFlags& server) {
  const absl::StatusOr<std::vector<double>> rates = ParseRates(flags.rates);
  if (!rates.ok()) return Fail(rates.status());
  if (absl::Status good = CheckFlags(flags, *rates, server); !good.ok()) return Fail(good);
  std::optional<OutputFile> json;
  if (!flags.json.empty()) {
    absl::StatusOr<OutputFile> file = OutputFile::Open(flags.json);
    if (!file.ok()) return Fail(file.status());
    json = *std::move(file);
  }
  absl::StatusOr<std::vector<Client>> clients = OpenClients(server, flags.connections);
  if (!clients.ok()) return Fail(clients.status());
  const absl::StatusOr<v1::EvaluateRequest> request = MakeRequest(clients->front(), flags.input);
  if (!request.ok()) return Fail(request.status(), server);
  const absl::StatusOr<v1::EvaluateResult> once = TryOnce(clients->front(), *request);
  if (!once.ok()) return Fail(once.status(), server);

  const LoadSetup setup = MakeSetup(flags, server, *request, *once);
  std::cerr << SetupText(setup) << std::endl;
  // A file that goes to stdout has it for itself.
  std::ostream& text = json.has_value() && json->is_stdout() ? std::cerr : std::cout;
  const std::vector<LoadResult> results =
      RunRates(setup, *rates, *request, *clients, /*only_table=*/!json.has_value(), text);
  text << MissingQuantilesText(results) << "\nwhere the time goes, in ms:\n" << PhasesText(results) << std::flush;
  if (json.has_value()) {
    if (absl::Status written = WriteJson(*json, setup, results); !written.ok()) return Fail(written);
  }
  if (results.back().interrupted) EndInterrupted();
  return Judge(setup, results);
}

// A number of the unit, above 0.
CLI::Validator Positive(double most, const std::string& unit) {
  return NumberIn(std::numeric_limits<double>::denorm_min(), most,
                  absl::StrCat(unit, " above 0, at most ", GroupedDecimal(std::llround(most))));
}

CLI::Validator CountUpTo(int64_t most, const std::string& what) {
  return NumberIn<int64_t>(1, most, absl::StrCat("number of ", what, " from 1 to ", GroupedDecimal(most)));
}

// Where the server says how many it takes.
CLI::Validator AnyCount(const std::string& what) {
  return NumberIn<int64_t>(1, std::numeric_limits<int64_t>::max(), absl::StrCat("number of ", what, " above 0"));
}

void AddScheduleFlags(CLI::App& command, LoadFlags& flags) {
  constexpr char kGroup[] = "Load";
  command
      .add_option("--rate", flags.rates, "Requests per second; a list is a sweep, with a row for each (default: 100)")
      ->type_name("N,...")
      ->group(kGroup);
  command
      .add_option("--arrivals", flags.arrivals,
                  "poisson, as from many users of their own (the default), or constant, at equal distances")
      ->check(CLI::IsMember({ArrivalsName(Arrivals::kPoisson), ArrivalsName(Arrivals::kConstant)}))
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--seed", flags.input.seed, "Other arrivals and numbers (default: 0)")
      ->type_name("N")
      ->transform(NumberIn<int64_t>(0, std::numeric_limits<int64_t>::max(), "whole number from 0 to 2^63 - 1"))
      ->group(kGroup);
  command.add_option("--duration", flags.duration_seconds, "How long each rate is measured (default: 10)")
      ->type_name("SECONDS")
      ->transform(Positive(kMostSeconds, "number of seconds"))
      ->group(kGroup);
  command.add_option("--warm_up", flags.warm_up_seconds, "At the same rate before that (default: 1)")
      ->type_name("SECONDS")
      ->transform(NumberIn(0.0, kMostSeconds, "number of seconds from 0 to 86,400"))
      ->group(kGroup);
  command.add_option("--connections", flags.connections, "To the server, in turns (default: 1)")
      ->type_name("N")
      ->transform(CountUpTo(kMostConnections, "connections"))
      ->group(kGroup);
  command
      .add_option(
          "--max_in_flight", flags.max_in_flight,
          "Requests sent and not yet answered; what comes then is dropped and counted (default: 256, fewer where "
          "they take more than 1 GiB with their responses)")
      ->type_name("N")
      ->transform(CountUpTo(kMostInFlight, "requests"))
      ->group(kGroup);
  command.add_option("--deadline_ms", flags.deadline_ms, "Of each request, from its sending (default: 10,000)")
      ->type_name("MS")
      ->transform(Positive(kMostMs, "number of milliseconds"))
      ->group(kGroup);
}

void AddOutputFlags(CLI::App& command, LoadFlags& flags) {
  command.add_option("--json", flags.json, "Write JSON; - is standard output, and the tables then go to stderr")
      ->type_name("FILE")
      ->group("Output");
  CLI::Option* slo =
      command
          .add_option("--slo_ms", flags.slo_ms,
                      "Exit status 1 unless enough of all requests, dropped ones too, succeed within so long")
          ->type_name("MS")
          ->transform(Positive(kMostMs, "number of milliseconds"))
          ->group("Output");
  command.add_option("--slo_quantile", flags.slo_quantile, "How many are enough (default: 0.99)")
      ->type_name("P")
      ->transform(NumberIn(0.0, 0.999999, "share from 0 to 0.999999"))
      ->needs(slo)
      ->group("Output");
  command
      .add_option("--max_late_ms", flags.max_late_ms,
                  "Exit status 3 if 1 % of the requests are sent later than that (default: a quarter of the p99, at "
                  "least 0.1)")
      ->type_name("MS")
      ->transform(Positive(kMostMs, "number of milliseconds"))
      ->group("Output");
}

}  // namespace

void AddLoadCommand(CLI::App& app, const ServerFlags& server, int& exit_status) {
  auto flags = std::make_shared<LoadFlags>();
  CLI::App* command = app.add_subcommand("load", "Measure the latency of a server under load");
  command->fallthrough()->group("Commands");
  command->footer(kNotes);
  flags->input.activation = "silu";
  command->add_option("ACTIVATION", flags->input.activation, "Its id or an alias (default: silu)")->type_name("");
  AddItemFlags(*command, flags->input, "Of the inputs and outputs (default: f32)");
  command->add_option("--size", flags->input.size, "Elements of each tensor (default: 4,096)")
      ->type_name("N")
      ->transform(AnyCount("elements"))
      ->group("Input");
  command->add_option("--batch", flags->input.batch, "Items of each request, each with tensors of its own (default: 1)")
      ->type_name("N")
      ->transform(AnyCount("items"))
      ->group("Input");
  AddScheduleFlags(*command, *flags);
  AddOutputFlags(*command, *flags);
  command->final_callback([flags, &server, &exit_status] { exit_status = RunLoad(*flags, server); });
}

}  // namespace actbench::client
