// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_service.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "server/certificate.h"
#include "server/certificate_check.h"
#include "server/request_checks.h"
#include "server/unary_call.h"

namespace actbench {
namespace {

constexpr absl::Duration kProgressPeriod = absl::Milliseconds(100);

// The most fields of requests that have few, and of a certificate, which has up to 2^12 binades.
constexpr int64_t kMaxValues = 64;
constexpr int64_t kMaxMeasurementValues = 256;
constexpr int64_t kMaxCertificateValues = int64_t{1} << 17;

// A call of one method: its messages are a Request and Replies.
template <class Request, class Reply>
class TypedCall : public AccuracyCall {
 public:
  using AccuracyCall::AccuracyCall;

 protected:
  Message& request() override { return request_; }
  Response ProgressResponse(const v1::AccuracyProgress& progress) const override {
    auto response = std::make_shared<Reply>();
    *response->mutable_progress() = progress;
    return response;
  }

  Request request_;
};

class MeasureCall final : public TypedCall<v1::MeasureAccuracyRequest, v1::MeasureAccuracyResponse> {
 public:
  MeasureCall(const AccuracyServices& services, const grpc::CallbackServerContext& context)
      : TypedCall(services, "MeasureAccuracy", context) {}

 private:
  absl::StatusOr<AccuracyPlan> Plan() const override {
    return PlanMeasurement(request_, services().catalog, services().limits);
  }
  Response ToResponse(const AccuracyJob& job) const override {
    auto response = std::make_shared<v1::MeasureAccuracyResponse>();
    *response->mutable_certificate() = Certify(job, 0);
    return response;
  }
};

class CompareCall final : public TypedCall<v1::CompareKernelsRequest, v1::CompareKernelsResponse> {
 public:
  CompareCall(const AccuracyServices& services, const grpc::CallbackServerContext& context)
      : TypedCall(services, "CompareKernels", context) {}

 private:
  absl::StatusOr<AccuracyPlan> Plan() const override {
    return PlanComparison(request_, services().catalog, services().limits);
  }
  Response ToResponse(const AccuracyJob& job) const override {
    auto response = std::make_shared<v1::CompareKernelsResponse>();
    v1::Comparison& comparison = *response->mutable_comparison();
    *comparison.mutable_first() = Certify(job, 0);
    *comparison.mutable_second() = Certify(job, 1);
    comparison.set_differing(static_cast<int64_t>(job.measurement().differing()));
    for (const Difference& difference : job.measurement().Differences()) {
      ToProto(difference, job.plan().format(), *comparison.add_differences());
    }
    return response;
  }
};

template <class Call>
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartCall(const AccuracyServices& services,
                                                      const grpc::CallbackServerContext& context,
                                                      const grpc::ByteBuffer& request) {
  const auto call = std::make_shared<Call>(services, context);
  // gRPC made the buffer for this call alone and reads it no more: emptying it frees the memory early.
  call->Start(const_cast<grpc::ByteBuffer&>(request), kMaxMeasurementValues);
  return call.get();
}

// `message` as an answer, or the error.
template <class Response>
Answered<Response> Share(absl::StatusOr<Response> message) {
  if (!message.ok()) return message.status();
  return std::make_shared<const Response>(*std::move(message));
}

absl::StatusOr<CertificateStore::Filter> ToFilter(const v1::ListCertificatesRequest& request) {
  absl::Status status = CheckFilters(request.activation(), request.direction(), request.dtype(), request.selector());
  if (!status.ok()) return status;
  // Other values than this server's are no mistake: certificates come from other machines too.
  CertificateStore::Filter filter;
  filter.direction = request.direction();
  filter.dtype = request.dtype();
  filter.selector = request.selector();
  filter.current_only = request.current_only();
  filter.unit_upstream = request.unit_upstream();
  const ActivationInfo* info = nullptr;
  if (!request.activation().empty()) {
    const absl::StatusOr<const ActivationInfo*> activation = Catalog::FindActivation(request.activation());
    if (!activation.ok()) return activation.status();
    info = *activation;
    filter.activation = std::string(info->name);
  }
  if (!request.current_only()) {
    if (request.parameters().empty() && !request.unit_upstream()) return filter;
    return absl::InvalidArgumentError(absl::StrCat(request.unit_upstream() ? "unit_upstream is" : "parameters are",
                                                   " given without current_only; set that too, or leave ",
                                                   request.unit_upstream() ? "it" : "them", " out"));
  }
  if (info == nullptr) {
    return absl::InvalidArgumentError("current_only is set, but no activation is given; give one");
  }
  const absl::StatusOr<std::vector<double>> values = CheckParameters(request.parameters(), *info);
  if (!values.ok()) return values.status();
  filter.parameters = NamedParameters(*info, *values);
  return filter;
}

absl::StatusOr<v1::GetCertificateResponse> Get(const CertificateStore& store, const std::string& id) {
  absl::StatusOr<v1::Certificate> certificate = store.Get(id);
  if (!certificate.ok()) return certificate.status();
  v1::GetCertificateResponse response;
  *response.mutable_certificate() = *std::move(certificate);
  return response;
}

absl::StatusOr<v1::DeleteCertificateResponse> Delete(CertificateStore& store, const std::string& id) {
  absl::StatusOr<std::string> whole = store.Delete(id);
  if (!whole.ok()) return whole.status();
  v1::DeleteCertificateResponse response;
  response.set_id(*std::move(whole));
  return response;
}

// Also whether it is so large that it is not even to wait.
absl::Status CheckImport(const v1::Certificate& certificate) {
  absl::Status status = CertificateStore::CheckSize(certificate.ByteSizeLong());
  return status.ok() ? CheckCertificate(certificate, absl::Now()) : status;
}

// Who imports wants it kept.
absl::StatusOr<v1::ImportCertificateResponse> Import(CertificateStore& store, v1::Certificate certificate) {
  if (absl::Status status = store.CanWrite(); !status.ok()) return status;
  MakeCanonical(certificate);
  absl::StatusOr<CertificateStore::Stored> stored = store.Add(certificate, /*imported=*/true);
  if (!stored.ok()) return stored.status();
  v1::ImportCertificateResponse response;
  response.set_id(std::move(stored->id));
  response.set_unsaved(stored->unsaved);
  return response;
}

// What has nothing to be checked.
absl::Status NoCheck(const google::protobuf::Message& /*request*/) { return absl::OkStatus(); }

}  // namespace

AccuracyService::AccuracyService(const Catalog& catalog, const Limits& limits, const WorkServices& work,
                                 CertificateStore& store)
    : origin_(MakeOrigin(catalog)),
      ticker_(kProgressPeriod),
      writes_([&store] { return store.SaveUnsaved(); }),
      services_{catalog, limits, store, origin_, {work, ticker_, writes_}} {}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AccuracyService::MeasureAccuracy(grpc::CallbackServerContext* context,
                                                                             const grpc::ByteBuffer* request) {
  return StartCall<MeasureCall>(services_, *context, *request);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* AccuracyService::CompareKernels(grpc::CallbackServerContext* context,
                                                                            const grpc::ByteBuffer* request) {
  return StartCall<CompareCall>(services_, *context, *request);
}

grpc::ServerUnaryReactor* AccuracyService::ListCertificates(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  return AnswerLater<v1::ListCertificatesRequest>(
      {context, "ListCertificates", request, response}, kMaxValues, services_.calls.work.calls,
      services_.calls.work.metrics, reads_,
      [](const v1::ListCertificatesRequest& message) { return ToFilter(message).status(); },
      [this](const v1::ListCertificatesRequest& message) {
        return Share(services_.store.List(*ToFilter(message), message.page_size(), message.page_token()));
      });
}

grpc::ServerUnaryReactor* AccuracyService::GetCertificate(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return AnswerLater<v1::GetCertificateRequest>(
      {context, "GetCertificate", request, response}, kMaxValues, services_.calls.work.calls,
      services_.calls.work.metrics, reads_, NoCheck,
      [this](const v1::GetCertificateRequest& message) { return Share(Get(services_.store, message.id())); });
}

grpc::ServerUnaryReactor* AccuracyService::DeleteCertificate(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request,
                                                             grpc::ByteBuffer* response) {
  return AnswerLater<v1::DeleteCertificateRequest>(
      {context, "DeleteCertificate", request, response}, kMaxValues, services_.calls.work.calls,
      services_.calls.work.metrics, writes_, NoCheck,
      [this](const v1::DeleteCertificateRequest& message) { return Share(Delete(services_.store, message.id())); });
}

grpc::ServerUnaryReactor* AccuracyService::ImportCertificate(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request,
                                                             grpc::ByteBuffer* response) {
  return AnswerLater<v1::ImportCertificateRequest>(
      {context, "ImportCertificate", request, response}, kMaxCertificateValues, services_.calls.work.calls,
      services_.calls.work.metrics, writes_,
      [](const v1::ImportCertificateRequest& message) { return CheckImport(message.certificate()); },
      [this](const v1::ImportCertificateRequest& message) {
        return Share(Import(services_.store, message.certificate()));
      });
}

}  // namespace actbench
