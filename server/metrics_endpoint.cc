// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_endpoint.h"

#include <civetweb.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/log.h"

namespace actbench {
namespace {

// `error` is civetweb's.
absl::Status CannotListen(const std::string& address, const std::string& error) {
  std::string reason = error.empty() ? "no reason known" : error;
  // What it says of a host that it cannot resolve.
  if (reason.find("invalid port spec") != std::string::npos) reason = "the host is not known";
  return absl::UnavailableError(absl::StrCat("cannot listen on metrics address ", address, ": ", reason));
}

bool AcceptsGzip(const mg_connection* connection) {
  const char* const accepted = mg_get_header(connection, "Accept-Encoding");
  if (accepted == nullptr) return false;
  const std::string_view encodings = accepted;
  return encodings.find("gzip") != std::string_view::npos && encodings.find("gzip;q=0") == std::string_view::npos;
}

// Empty if zlib cannot. With all series in use 3.5 MB become 0.13; more effort than the least takes longer than it
// saves.
std::string Gzip(const std::string& text) {
  z_stream stream = {};
  constexpr int kGzipOfAnyLength = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipOfAnyLength, 8, Z_DEFAULT_STRATEGY) != Z_OK) return "";
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // which zlib does not change
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(done ? stream.total_out : 0);
  deflateEnd(&stream);
  return packed;
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
  std::string text = static_cast<MetricsEndpoint*>(endpoint)->text_();
  std::string packed = AcceptsGzip(connection) ? Gzip(text) : "";
  const bool is_packed = !packed.empty();
  if (is_packed) text = std::move(packed);
  mg_printf(connection,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n%sContent-Length: %zu\r\n"
            "Connection: close\r\n\r\n",
            is_packed ? "Content-Encoding: gzip\r\n" : "", text.size());
  if (method == "GET") mg_write(connection, text.data(), text.size());
  return 200;
}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& address,
                                                                        std::function<std::string()> text) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("metrics address ", parsed.status().message()));
  if (parsed->in_brackets && mg_check_feature(MG_FEATURES_IPV6) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("metrics address ", address, ": the web server, civetweb, was built without IPv6; use IPv4"));
  }
  const std::string listening = parsed->WithPort(parsed->port);
  auto endpoint = std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(text)));
  mg_callbacks callbacks = {};
  callbacks.log_message = &KeepError;
  // So that some stuck clients do not keep Prometheus out, and none for long.
  const char* options[] = {
      "listening_ports", listening.c_str(), "num_threads", "8", "request_timeout_ms", "2000", nullptr};
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
  endpoint->address_ = *parsed;
  endpoint->address_.port = port.port;
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
    mg_connection* const wake = mg_connect_client(address_.host.c_str(), address_.port, 0, error, sizeof(error));
    if (wake != nullptr) mg_close_connection(wake);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stop.join();
}

}  // namespace actbench
