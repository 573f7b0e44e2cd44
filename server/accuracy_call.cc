// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_call.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/certificate.h"
#include "server/log.h"

namespace actbench {
namespace {

int64_t Milliseconds(absl::Duration duration) {
  return duration == absl::InfiniteDuration() ? -1 : absl::ToInt64Milliseconds(duration);
}

}  // namespace

absl::StatusOr<std::shared_ptr<Job>> AccuracyCall::MakeJob(absl::Time deadline, DoneFunction done) {
  absl::StatusOr<AccuracyPlan> plan = Plan();
  if (!plan.ok()) return plan.status();
  return AccuracyJob::Make(*std::move(plan), deadline, std::move(done));
}

JobCall::Response AccuracyCall::Progress(Job& job, int queue_place) {
  const AccuracyJob::Progress now = Of(job).progress();
  v1::AccuracyProgress progress;
  progress.set_inputs_done(static_cast<int64_t>(now.inputs_done));
  progress.set_inputs_total(static_cast<int64_t>(now.inputs_total));
  progress.set_remaining_ms(Milliseconds(now.remaining));
  progress.set_queue_place(queue_place);
  return ProgressResponse(progress);
}

v1::Certificate AccuracyCall::Certify(const AccuracyJob& job, size_t kernel) const {
  const AccuracyReport report = job.measurement().Report(kernel);
  v1::Certificate certificate = MakeCertificate(services_.origin, services_.store, job, kernel, report);
  SetClaim(certificate);
  if (!job.plan().exhaustive()) return certificate;
  if (IsRepresentative(certificate)) {
    work().metrics.AccuracyChecked(*job.plan().kernels[kernel], AccuracySource::kCertificate, report);
  }
  absl::StatusOr<CertificateStore::Stored> stored = services_.store.Add(certificate);
  if (stored.ok()) {
    certificate.set_id(std::move(stored->id));
    certificate.set_unsaved(stored->unsaved);
  } else {
    // The client has it all the same.
    Log(LogLevel::kWarning, absl::StrCat("a certificate of ", certificate.kernel().name(),
                                         " could not be stored: ", std::string(stored.status().message())));
  }
  return certificate;
}

}  // namespace actbench
