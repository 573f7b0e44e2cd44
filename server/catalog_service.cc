// SPDX-License-Identifier: Apache-2.0
#include "server/catalog_service.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/build_info.h"
#include "server/convert.h"
#include "server/host.h"

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
  }
  out.set_input_count(static_cast<int>(info.inputs));
  for (const std::string_view alias : info.Aliases()) out.add_aliases(std::string(alias));
  out.set_domain_min(info.domain_min);
  out.set_domain_max(info.domain_max);
}

v1::GetServerInfoResponse MakeInfo(const Catalog& catalog, const Limits& limits, int threads) {
  v1::GetServerInfoResponse info;
  const BuildInfo& build = GetBuildInfo();
  info.mutable_build()->set_version(build.version);
  info.mutable_build()->set_revision(build.revision);
  info.mutable_build()->set_compiler(build.compiler);
  info.mutable_build()->set_grpc_version(build.grpc_version);
  info.mutable_build()->set_protobuf_version(build.protobuf_version);
  v1::MachineInfo& machine = *info.mutable_machine();
  machine.set_cpu_model(CpuModel());
  machine.set_cpu_count(AvailableCpus());
  machine.mutable_isas()->Add(catalog.isas().begin(), catalog.isas().end());
  machine.mutable_devices()->Add(catalog.devices().begin(), catalog.devices().end());
  v1::Limits& out = *info.mutable_limits();
  out.set_message_size_bytes(limits.message_size_bytes);
  out.set_tensor_elements(limits.tensor_elements);
  out.set_batch_items(limits.batch_items);
  out.set_measured_elements(limits.measured_elements);
  out.set_queue_length(limits.queue_length);
  out.set_inflight_bytes(limits.inflight_bytes);
  info.set_threads(threads);
  return info;
}

grpc::Status CheckFilters(const v1::ListKernelsRequest& request) {
  if (!v1::Direction_IsValid(request.direction())) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            absl::StrCat("direction is ", request.direction(), "; it must be forward, gradient or not given")};
  }
  if (!v1::Dtype_IsValid(request.dtype())) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            absl::StrCat("dtype is ", request.dtype(), "; it must be a value of actbench.v1.Dtype or not given")};
  }
  return grpc::Status::OK;
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

grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// Ends a call that succeeded.
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Metrics& metrics, std::string_view method,
                                 const google::protobuf::Message& request, const google::protobuf::Message& response) {
  metrics.ObserveMessageBytes(method, static_cast<int64_t>(request.ByteSizeLong()),
                              static_cast<int64_t>(response.ByteSizeLong()));
  return Finish(context, grpc::Status::OK);
}

}  // namespace

CatalogService::CatalogService(const Catalog& catalog, const Limits& limits, int threads, Metrics& metrics)
    : catalog_(catalog), metrics_(metrics), info_(MakeInfo(catalog, limits, threads)) {
  for (const ActivationInfo* activation : AllActivations()) Write(*activation, *activations_.add_activations());
}

grpc::ServerUnaryReactor* CatalogService::ListActivations(grpc::CallbackServerContext* context,
                                                          const v1::ListActivationsRequest* request,
                                                          v1::ListActivationsResponse* response) {
  *response = activations_;
  return Answer(context, metrics_, "ListActivations", *request, *response);
}

grpc::ServerUnaryReactor* CatalogService::ListKernels(grpc::CallbackServerContext* context,
                                                      const v1::ListKernelsRequest* request,
                                                      v1::ListKernelsResponse* response) {
  if (const grpc::Status status = CheckFilters(*request); !status.ok()) return Finish(context, status);
  std::string_view wanted;
  if (!request->activation().empty()) {
    const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(request->activation());
    if (!activation.ok()) return Finish(context, ToGrpc(activation.status()));
    wanted = (*activation)->name;
  }
  for (const Kernel& kernel : catalog_.kernels()) {
    if (Matches(*request, wanted, kernel)) ToProto(kernel, *response->add_kernels());
  }
  return Answer(context, metrics_, "ListKernels", *request, *response);
}

grpc::ServerUnaryReactor* CatalogService::GetServerInfo(grpc::CallbackServerContext* context,
                                                        const v1::GetServerInfoRequest* request,
                                                        v1::GetServerInfoResponse* response) {
  *response = info_;
  return Answer(context, metrics_, "GetServerInfo", *request, *response);
}

}  // namespace actbench
