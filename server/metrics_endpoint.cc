// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_endpoint.h"

#include <civetweb.h>

#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/log.h"

namespace actbench {
namespace {

struct HostAndPort {
  std::string host;
  int port;
};

// Strict, because civetweb gives commas, signs and letters in an address meanings of its own.
absl::StatusOr<HostAndPort> ParseAddress(const std::string& address) {
  const auto refuse = [&](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrCat("metrics address \"", address, "\": ", why, "; it must be HOST:PORT, such as 127.0.0.1:9464"));
  };
  const size_t colon = address.find_last_of(':');
  if (colon == std::string_view::npos) return refuse("there is no port");
  const std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string_view name = in_brackets ? std::string_view(host).substr(1, host.size() - 2) : host;
  if (name.empty()) return refuse("there is no host");
  for (char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && !(in_brackets && c == ':')) {
      return refuse("the host is not a name or an address (IPv6 goes in brackets)");
    }
  }
  if (in_brackets && mg_check_feature(MG_FEATURES_IPV6) == 0) return refuse("this civetweb was built without IPv6");
  int number = 0;
  const bool digits = port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !absl::SimpleAtoi(port, &number) || number > 65535) {
    return refuse("the port is not a number from 0 to 65535");
  }
  return HostAndPort{host, number};
}

// `error` is civetweb's.
absl::Status CannotListen(const std::string& address, const std::string& error) {
  std::string reason = error.empty() ? "no reason known" : error;
  // What it says of a host that it cannot resolve.
  if (reason.find("invalid port spec") != std::string::npos) reason = "the host is not known";
  return absl::UnavailableError(absl::StrCat("cannot listen on metrics address ", address, ": ", reason));
}

}  // namespace

// Civetweb would write its messages to stderr. Those of the start become the status, later ones go to the log.
int MetricsEndpoint::KeepError(const mg_connection* connection, const char* message) {
  auto* const self = static_cast<MetricsEndpoint*>(mg_get_user_data(mg_get_context(connection)));
  if (self == nullptr) return 1;
  {
    MutexLock lock(self->mutex_);
    if (!self->started_) {
      if (self->start_error_.empty()) self->start_error_ = message;
      return 1;
    }
  }
  Log(LogLevel::kDebug, "metrics endpoint", {{"error", message}});
  return 1;
}

int MetricsEndpoint::Answer(mg_connection* connection, void* endpoint) {
  const std::string_view method = mg_get_request_info(connection)->request_method;
  if (method != "GET" && method != "HEAD") {
    mg_send_http_error(connection, 405, "%s", "only GET and HEAD\n");
    return 405;
  }
  const std::string text = static_cast<MetricsEndpoint*>(endpoint)->text_();
  mg_printf(connection,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n"
            "Connection: close\r\n\r\n",
            text.size());
  if (method == "GET") mg_write(connection, text.data(), text.size());
  return 200;
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& address,
                                                                        std::function<std::string()> text) {
  const absl::StatusOr<HostAndPort> parsed = ParseAddress(address);
  if (!parsed.ok()) return parsed.status();
  const std::string listening = absl::StrCat(parsed->host, ":", parsed->port);
  auto endpoint = std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(text)));
  mg_callbacks callbacks = {};
  callbacks.log_message = &KeepError;
  // Two threads, so that a stuck client does not keep Prometheus out; a request has to arrive within 10 s.
  const char* options[] = {"listening_ports",    listening.c_str(), "num_threads", "2",
                           "request_timeout_ms", "10000",           nullptr};
  static const unsigned initialised [[maybe_unused]] = mg_init_library(0);
  mg_context* const context = mg_start(&callbacks, endpoint.get(), options);
  endpoint->context_ = context;
  {
    MutexLock lock(endpoint->mutex_);
    endpoint->started_ = true;
    if (context == nullptr) return CannotListen(listening, endpoint->start_error_);
  }
  mg_set_request_handler(context, "/metrics$", &Answer, endpoint.get());
  mg_server_port port = {};
  if (mg_get_server_ports(context, 1, &port) != 1) return absl::InternalError("the metrics endpoint has no port");
  endpoint->host_ = parsed->host;
  endpoint->port_ = port.port;
  return endpoint;
}

MetricsEndpoint::~MetricsEndpoint() {
  if (context_ == nullptr) return;
  // Civetweb sees that it shall stop when its wait for connections ends, which takes it up to 2 s; a connection ends it
  // at once. That has to come after mg_stop has set its flag, which cannot be seen from here, so until it returns.
  std::atomic<bool> stopped = false;
  std::thread stop([this, &stopped] {
    mg_stop(context_);
    stopped = true;
  });
  char error[128];
  while (!stopped) {
    mg_connection* const wake = mg_connect_client(host_.c_str(), port_, 0, error, sizeof(error));
    if (wake != nullptr) mg_close_connection(wake);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop.join();
}

}  // namespace actbench
