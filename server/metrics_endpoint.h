// SPDX-License-Identifier: Apache-2.0
// The HTTP endpoint that Prometheus scrapes: civetweb, the web server inside prometheus-cpp's Exposer. The Exposer
// itself is not used, because it cannot be had without metrics of its own (in microseconds, without a unit in the
// name), answers HEAD with 404 and leaves the format's version out of the content type, which Prometheus 3 asks for.
// Tested by metrics_endpoint_test.cc.
#ifndef ACTBENCH_SERVER_METRICS_ENDPOINT_H_
#define ACTBENCH_SERVER_METRICS_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "proto/address.h"
#include "server/mutex.h"

struct mg_connection;
struct mg_context;

namespace actbench {

class MetricsEndpoint {
 public:
  // Answers GET and HEAD /metrics at "HOST:PORT" with what `text` returns; several threads may call it at a time.
  // INVALID_ARGUMENT if the address is malformed, UNAVAILABLE if it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                std::function<std::string()> text);

  // Finishes what is being answered.
  ~MetricsEndpoint();

  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // HOST:PORT with the real port.
  std::string address() const { return address_.WithPort(address_.port); }

 private:
  explicit MetricsEndpoint(std::function<std::string()> text) : text_(std::move(text)) {}

  static int Answer(mg_connection* connection, void* endpoint);
  static int KeepError(const mg_connection* connection, const char* message);

  const std::function<std::string()> text_;
  Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  std::string start_error_ ABSL_GUARDED_BY(mutex_);  // civetweb's first message until then
  mg_context* context_ = nullptr;
  HostPort address_ = {};
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_METRICS_ENDPOINT_H_
