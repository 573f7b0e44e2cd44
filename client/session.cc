// SPDX-License-Identifier: Apache-2.0
#include "client/session.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <regex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/in_process.h"

namespace actbench::client {
namespace {

// Longer than the client library tries one address, so that a host with several can use its second.
constexpr absl::Duration kConnectTimeout = absl::Seconds(5);

// A server's message with the flags in place of the fields of requests.
std::string InFlags(absl::string_view message) {
  constexpr absl::string_view kRunName = "name is ";
  if (absl::StartsWith(message, kRunName)) return absl::StrCat("--save is ", message.substr(kRunName.size()));
  static const std::regex part(R"((inputs(\.given\.inputs)?\[\d\])\.(dtype|shape))");
  return absl::StrReplaceAll(std::regex_replace(std::string(message), part, "the $3 of $1"),
                             {{"inputs.exhaustive", "--exhaustive"},
                              {"inputs.exhaustive.unit_upstream", "--unit_upstream"},
                              {"inputs.sampled", "--samples"},
                              {"inputs.sampled.count", "--samples"},
                              {"inputs.sampled.distribution", "--distribution"},
                              {"inputs.given", "--in"},
                              {"inputs.given.inputs has", "--in, --gate and --upstream give"},
                              {"inputs.given.inputs[0]", "--in"},
                              {"inputs.given.inputs[1]", "--gate or --upstream"},
                              {"inputs.given.inputs[2]", "--upstream"},
                              {"inputs has", "the flags give"},
                              {"inputs[0]", "x"},
                              {"inputs[1]", "the second input"},
                              {"inputs[2]", "the third input"},
                              {"parameters:", "--param:"},
                              {"a name in parameters", "a name in --param"},
                              {"ListCertificates has", "'actbench certificates list' has"},
                              {"ListRuns has", "'actbench runs list' has"},
                              {"selector.", "--"}});
}

}  // namespace

absl::StatusOr<Client> OpenClient(const ServerFlags& flags, bool asks_state) {
  const absl::Duration timeout =
      flags.timeout_seconds > 0 ? absl::Seconds(flags.timeout_seconds) : absl::InfiniteDuration();
  if (flags.address.empty()) {
    absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = StartInProcessServer(flags.plugins, asks_state);
    if (!channel.ok()) return channel.status();
    Client client(*std::move(channel));
    client.set_timeout(timeout);
    return client;
  }
  Client client = Client::Connect(flags.address);
  const absl::Status connected = client.WaitForConnection(std::min(timeout, kConnectTimeout));
  if (!connected.ok()) {
    return absl::UnavailableError(absl::StrCat("no server at ", flags.address, " (", connected.message(),
                                               "); start one with 'actbench-server --address ", flags.address,
                                               "', or leave out --server and ACTBENCH_SERVER to work without one"));
  }
  client.set_timeout(timeout);
  return client;
}

void TellWarnings(Client& client, const ServerFlags& flags) {
  if (flags.address.empty()) return;
  const absl::StatusOr<v1::GetServerInfoResponse> info = client.GetServerInfo();
  if (!info.ok()) return;
  for (const std::string& warning : info->warnings()) {
    std::cerr << "actbench: warning: the server at " << flags.address << ": " << warning << std::endl;
  }
}

bool EndsAll(const absl::Status& error) {
  return absl::IsUnavailable(error) || absl::IsCancelled(error) || absl::IsDeadlineExceeded(error) ||
         error.message().empty();  // of gRPC itself, where the server does not offer the service
}

ExitStatus Fail(const absl::Status& status) {
  const std::string text =
      status.message().empty() ? absl::StatusCodeToString(status.code()) : std::string(status.message());
  std::cerr << "actbench: " << absl::StrReplaceAll(text, {{"\n", " "}}) << std::endl;
  return kFailure;
}

ExitStatus Fail(const absl::Status& status, const ServerFlags& flags) {
  const std::string server = flags.address.empty() ? "the server in this process" : "the server at " + flags.address;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return Fail(absl::UnavailableError(absl::StrCat(server, " is stopping or gone: ", status.message())));
    case absl::StatusCode::kDeadlineExceeded:
      return Fail(absl::DeadlineExceededError(
          absl::StrCat(server, " gave no answer within ", flags.timeout_seconds, " s (--timeout)")));
    case absl::StatusCode::kUnimplemented:
      if (!status.message().empty()) break;
      return Fail(
          absl::UnimplementedError(absl::StrCat(server, " does not offer this service: is it actbench-server?")));
    default:
      break;
  }
  return Fail(absl::Status(status.code(), InFlags(status.message())));
}

ExitStatus DeleteEach(const std::vector<std::string>& ids, const ServerFlags& server,
                      absl::StatusOr<std::string> (Client::*method)(const std::string&)) {
  absl::StatusOr<Client> client = OpenClient(server, /*asks_state=*/true);
  if (!client.ok()) return Fail(client.status());
  ExitStatus exit_status = kSuccess;
  for (const std::string& id : ids) {
    const absl::StatusOr<std::string> deleted = ((*client).*method)(id);
    if (deleted.ok()) {
      std::cout << "deleted " << *deleted << std::endl;
      continue;
    }
    exit_status = Fail(deleted.status(), server);  // which names it
    if (EndsAll(deleted.status())) break;
  }
  return exit_status;
}

}  // namespace actbench::client
