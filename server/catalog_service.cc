// SPDX-License-Identifier: Apache-2.0
#include "server/catalog_service.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/build_info.h"
#include "server/convert.h"
#include "server/request_checks.h"
#include "server/unary_call.h"

namespace actbench {
namespace {

void Write(const ActivationInfo& info, v1::Activation& out) {
  out.set_name(std::string(info.name));
  out.set_summary(std::string(info.summary));
  out.set_source(std::string(info.source));
  for (const Parameter& parameter : info.Parameters()) {
    v1::Parameter& written = *out.add_parameters();
    written.set_name(std::string(parameter.name));
    written.set_default_value(parameter.default_value);
    written.set_min_value(parameter.min_value);
    written.set_max_value(parameter.max_value);
    written.set_description(std::string(parameter.description));
    written.set_excludes_zero(parameter.excludes_zero);
    written.set_at_most(std::string(parameter.at_most));
    written.set_range(RangeOf(parameter));
  }
  out.set_input_count(static_cast<int>(info.inputs));
  for (const std::string_view alias : info.Aliases()) out.add_aliases(std::string(alias));
  out.set_domain_min(info.domain_min);
  out.set_domain_max(info.domain_max);
}

std::shared_ptr<const v1::ListActivationsResponse> MakeActivations() {
  auto response = std::make_shared<v1::ListActivationsResponse>();
  for (const ActivationInfo* activation : AllActivations()) Write(*activation, *response->add_activations());
  return response;
}

void Write(const Gpu& gpu, v1::Gpu& out) {
  const GpuInfo& info = gpu.info();
  out.set_device(info.device);
  out.set_model(info.model);
  out.set_uuid(info.uuid);
  out.set_pci_bus_id(info.pci_bus_id);
  out.set_isa(info.isa);
  out.set_driver_cuda_version(info.driver);
  out.set_runtime_cuda_version(info.runtime);
  out.set_processor_count(info.processors);
  out.set_memory_bytes(info.memory_bytes);
  out.set_l2_bytes(info.l2_bytes);
  out.set_clock_hz(info.clock_hz);
  out.set_memory_clock_hz(info.memory_clock_hz);
  out.set_memory_bus_bits(info.memory_bus_bits);
  const GpuUse use = gpu.use();
  out.set_memory_limit_bytes(use.device_bytes_limit);
  out.set_pinned_limit_bytes(use.pinned_bytes_limit);
}

std::shared_ptr<const v1::GetServerInfoResponse> MakeInfo(const Catalog& catalog, const Limits& limits, int threads) {
  auto response = std::make_shared<v1::GetServerInfoResponse>();
  v1::GetServerInfoResponse& info = *response;
  ToProto(GetBuildInfo(), *info.mutable_build());
  DescribeMachine(catalog, *info.mutable_machine());
  v1::Limits& out = *info.mutable_limits();
  out.set_message_size_bytes(limits.message_size_bytes);
  out.set_tensor_elements(limits.tensor_elements);
  out.set_batch_items(limits.batch_items);
  out.set_measured_elements(limits.measured_elements);
  out.set_queue_length(limits.queue_length);
  out.set_inflight_bytes(limits.inflight_bytes);
  out.set_accuracy_samples(limits.accuracy_samples);
  out.set_benchmark_cases(limits.benchmark_cases);
  out.set_benchmark_bytes(limits.benchmark_bytes);
  out.set_benchmark_seconds(limits.benchmark_seconds);
  info.set_threads(threads);
  for (const std::shared_ptr<const Gpu>& gpu : catalog.gpus()) Write(*gpu, *info.add_gpus());
  for (const PluginInfo& plugin : catalog.plugins()) {
    v1::Plugin& written = *info.add_plugins();
    written.set_provider(plugin.provider);
    written.set_version(plugin.version);
    written.set_content_hash(plugin.content_hash);
    for (const std::string& warning : plugin.warnings) {
      info.add_warnings(absl::StrCat("plug-in ", plugin.provider, ": ", warning));
    }
  }
  return response;
}

// `activation` is the id that the request names, if it does.
bool Matches(const v1::ListKernelsRequest& request, std::string_view activation, const Kernel& kernel) {
  const auto fits = [](std::string_view wanted, std::string_view value) { return wanted.empty() || wanted == value; };
  const v1::KernelSelector& selector = request.selector();
  return fits(activation, kernel.activation) &&
         (request.direction() == v1::DIRECTION_UNSPECIFIED || request.direction() == ToProto(kernel.direction)) &&
         (request.dtype() == v1::DTYPE_UNSPECIFIED || request.dtype() == ToProto(kernel.dtype)) &&
         fits(selector.provider(), kernel.provider) && fits(selector.tier(), kernel.tier) &&
         fits(selector.isa(), kernel.isa) && fits(selector.device(), kernel.device);
}

// The most fields of a request: far more than a good one has.
constexpr int64_t kMaxValues = 64;

Answered<v1::ListKernelsResponse> FilterKernels(const Catalog& catalog, const v1::ListKernelsRequest& request) {
  absl::Status status = CheckFilters(request.activation(), request.direction(), request.dtype(), request.selector());
  if (!status.ok()) return status;
  if (status = catalog.CheckSelector(FromProto(request.selector())); !status.ok()) return status;
  std::string_view wanted;
  if (!request.activation().empty()) {
    const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(request.activation());
    if (!activation.ok()) return activation.status();
    wanted = (*activation)->name;
  }
  auto response = std::make_shared<v1::ListKernelsResponse>();
  for (const Kernel& kernel : catalog.kernels()) {
    if (Matches(request, wanted, kernel)) ToProto(kernel, *response->add_kernels());
  }
  return response;
}

Answered<v1::GetServerInfoResponse> WithWarnings(const std::shared_ptr<const v1::GetServerInfoResponse>& info,
                                                 const std::vector<std::string>& warnings) {
  if (warnings.empty()) return info;
  auto response = std::make_shared<v1::GetServerInfoResponse>(*info);
  response->mutable_warnings()->Add(warnings.begin(), warnings.end());
  return response;
}

}  // namespace

CatalogService::CatalogService(const Catalog& catalog, const Limits& limits, int threads,
                               std::function<std::vector<std::string>()> warnings, Calls& calls, Metrics& metrics)
    : catalog_(catalog),
      warnings_(std::move(warnings)),
      calls_(calls),
      metrics_(metrics),
      activations_(MakeActivations()),
      info_(MakeInfo(catalog, limits, threads)) {}

grpc::ServerUnaryReactor* CatalogService::ListActivations(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Answer<v1::ListActivationsRequest>(
      {context, "ListActivations", request, response}, kMaxValues, calls_, metrics_,
      [this](const auto& /*request*/) { return Answered<v1::ListActivationsResponse>(activations_); });
}

grpc::ServerUnaryReactor* CatalogService::ListKernels(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Answer<v1::ListKernelsRequest>(
      {context, "ListKernels", request, response}, kMaxValues, calls_, metrics_,
      [this](const v1::ListKernelsRequest& message) { return FilterKernels(catalog_, message); });
}

grpc::ServerUnaryReactor* CatalogService::GetServerInfo(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return Answer<v1::GetServerInfoRequest>({context, "GetServerInfo", request, response}, kMaxValues, calls_, metrics_,
                                          [this](const auto& /*request*/) { return WithWarnings(info_, warnings_()); });
}

}  // namespace actbench
