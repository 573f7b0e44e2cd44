// SPDX-License-Identifier: Apache-2.0
// Requests for measurements and their streams, for tests.
#ifndef ACTBENCH_TESTS_ACCURACY_FIXTURE_H_
#define ACTBENCH_TESTS_ACCURACY_FIXTURE_H_

#include <string>
#include <vector>

#include "actbench/v1/accuracy.grpc.pb.h"
#include "tests/server_fixture.h"

namespace actbench {

inline v1::MeasureAccuracyRequest MakeMeasurement(const std::string& activation, v1::Dtype dtype,
                                                  v1::Direction direction = v1::DIRECTION_FORWARD) {
  v1::MeasureAccuracyRequest request;
  request.set_activation(activation);
  request.set_direction(direction);
  request.set_dtype(dtype);
  return request;
}

// All 65536 inputs.
inline v1::MeasureAccuracyRequest ShortMeasurement() {
  v1::MeasureAccuracyRequest request = MakeMeasurement("sigmoid", v1::DTYPE_F16);
  request.mutable_inputs()->mutable_exhaustive();
  return request;
}

// Takes many minutes, on many workers too: MPFR decides every input.
inline v1::MeasureAccuracyRequest LongMeasurement() {
  v1::MeasureAccuracyRequest request = MakeMeasurement("gelu_erf", v1::DTYPE_F64);
  request.mutable_inputs()->mutable_sampled()->set_count(100'000'000);
  return request;
}

// One call of MeasureAccuracy.
class MeasureStream {
 public:
  // Its deadline is not what ends a call that a test waits for.
  MeasureStream(TestServer& server, const v1::MeasureAccuracyRequest& request,
                absl::Duration timeout = 10 * kPatience) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    reader_ = v1::AccuracyService::NewStub(server.channel)->MeasureAccuracy(&context_, request);
  }
  // Ends the call if it has not.
  ~MeasureStream() {
    if (reader_ == nullptr) return;
    Cancel();
    Finish();
  }

  // Waits for a message that is progress; false at the end of the stream and at the result.
  bool ReadProgress(v1::AccuracyProgress& read) {
    v1::MeasureAccuracyResponse response;
    if (!reader_->Read(&response) || !response.has_progress()) return false;
    read = response.progress();
    return true;
  }
  void Cancel() { context_.TryCancel(); }
  // Reads all that is left: the progress and the certificate, if there is one.
  grpc::Status Finish() {
    v1::MeasureAccuracyResponse response;
    while (reader_->Read(&response)) {
      // Nothing comes after the result.
      EXPECT_FALSE(certificate.has_kernel());
      if (response.has_progress()) progress.push_back(response.progress());
      if (response.has_certificate()) certificate = response.certificate();
    }
    const grpc::Status status = reader_->Finish();
    reader_ = nullptr;
    return status;
  }

  std::vector<v1::AccuracyProgress> progress;
  v1::Certificate certificate;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::MeasureAccuracyResponse>> reader_;
};

// The certificate of a measurement that is to succeed.
inline v1::Certificate Measure(TestServer& server, const v1::MeasureAccuracyRequest& request) {
  MeasureStream stream(server, request);
  const grpc::Status status = stream.Finish();
  EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
  return stream.certificate;
}

}  // namespace actbench

#endif  // ACTBENCH_TESTS_ACCURACY_FIXTURE_H_
