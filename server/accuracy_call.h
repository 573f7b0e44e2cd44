// SPDX-License-Identifier: Apache-2.0
// One call that measures accuracy. Only for accuracy_service.cc.
#ifndef ACTBENCH_SERVER_ACCURACY_CALL_H_
#define ACTBENCH_SERVER_ACCURACY_CALL_H_

#include <grpcpp/server_context.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "actbench/v1/accuracy.pb.h"
#include "kernels/catalog.h"
#include "server/accuracy_job.h"
#include "server/accuracy_plan.h"
#include "server/certificate_store.h"
#include "server/job_call.h"
#include "server/limits.h"

namespace actbench {

// What such calls use. Must outlive them.
struct AccuracyServices {
  const Catalog& catalog;
  const Limits& limits;
  CertificateStore& store;
  const v1::Certificate& origin;  // what the certificates have in common
  const JobCallServices calls;
};

class AccuracyCall : public JobCall {
 public:
  AccuracyCall(const AccuracyServices& services, std::string_view method, const grpc::CallbackServerContext& context)
      : JobCall(services.calls, method, context), services_(services) {}

 protected:
  virtual absl::StatusOr<AccuracyPlan> Plan() const = 0;
  virtual Response ProgressResponse(const v1::AccuracyProgress& progress) const = 0;
  virtual Response ToResponse(const AccuracyJob& job) const = 0;

  const AccuracyServices& services() const { return services_; }
  // Certificate number `kernel` of a finished job; stored and counted if all inputs were measured.
  v1::Certificate Certify(const AccuracyJob& job, size_t kernel) const;

 private:
  static const AccuracyJob& Of(const Job& job) { return static_cast<const AccuracyJob&>(job); }

  absl::StatusOr<std::shared_ptr<Job>> MakeJob(absl::Time deadline, DoneFunction done) override;
  Response Progress(Job& job, int queue_place) override;
  bool ConclusionStores(const Job& job) const override { return Of(job).plan().exhaustive(); }
  Response Conclusion(Job& job) override { return ToResponse(Of(job)); }

  const AccuracyServices& services_;
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_ACCURACY_CALL_H_
