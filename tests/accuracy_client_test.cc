// SPDX-License-Identifier: Apache-2.0
// The client library's accuracy calls, against a real server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "client/client.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

using testing::HasSubstr;

// tanh, bf16, scalar: all 65,536 inputs.
v1::MeasureAccuracyRequest BriefRequest() {
  v1::MeasureAccuracyRequest request;
  request.set_activation("tanh");
  request.set_direction(v1::DIRECTION_FORWARD);
  request.set_dtype(v1::DTYPE_BF16);
  request.mutable_selector()->set_isa("scalar");
  request.mutable_inputs()->mutable_exhaustive();
  return request;
}

// All pairs (x, dy), which takes many seconds.
v1::MeasureAccuracyRequest LongRequest() {
  v1::MeasureAccuracyRequest request = BriefRequest();
  request.set_direction(v1::DIRECTION_GRADIENT);
  return request;
}

class AccuracyClientTest : public testing::Test {
 protected:
  AccuracyClientTest() : server_(StartServer()), client_(Client::Connect(server_->address())) {}

  std::unique_ptr<Server> server_;
  Client client_;
};

TEST_F(AccuracyClientTest, AMeasurementEndsWithACertificate) {
  const absl::StatusOr<v1::Certificate> certificate = client_.MeasureAccuracy(BriefRequest());
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->kernel().name(), "tanh/forward/bf16/actbench/fast/scalar");
  EXPECT_EQ(certificate->mode(), "exhaustive");
  EXPECT_EQ(certificate->report().checked(), 65536);
}

TEST_F(AccuracyClientTest, ProgressIsTold) {
  Cancellation cancellation;
  std::vector<v1::AccuracyProgress> seen;
  const auto on_progress = [&](const v1::AccuracyProgress& progress) {
    seen.push_back(progress);
    if (seen.size() == 3) cancellation.Cancel();
  };
  client_.set_cancellation(&cancellation);
  const absl::Status status = client_.MeasureAccuracy(LongRequest(), on_progress).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  ASSERT_GE(seen.size(), 3U);
  EXPECT_GE(seen[2].inputs_done(), seen[1].inputs_done());
  EXPECT_EQ(seen[2].inputs_total(), int64_t{1} << 32);
}

TEST_F(AccuracyClientTest, AnotherThreadEndsAMeasurementAndTheServersWork) {
  Cancellation cancellation;
  client_.set_cancellation(&cancellation);
  std::thread measurement([&] {
    const absl::Status status = client_.MeasureAccuracy(LongRequest()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  });
  EXPECT_TRUE(WaitForMetricAtLeast(server_->metrics_address(), "actbench_worker_threads_busy", 1));
  cancellation.Cancel();
  measurement.join();
  EXPECT_TRUE(WaitForMetric(server_->metrics_address(), "actbench_worker_threads_busy", 0));
}

TEST_F(AccuracyClientTest, WhatIsCancelledBeforeDoesNotBegin) {
  Cancellation cancellation;
  cancellation.Cancel();
  client_.set_cancellation(&cancellation);
  for (const absl::Status& status : {client_.MeasureAccuracy(BriefRequest()).status(), client_.ListKernels().status(),
                                     client_.ListAllCertificates().status(), client_.GetCertificate("id").status(),
                                     client_.DeleteCertificate("id").status(), client_.GetServerInfo().status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  }
  client_.set_cancellation(nullptr);
  EXPECT_TRUE(client_.ListAllCertificates().ok());
}

TEST_F(AccuracyClientTest, ATimeoutEndsAMeasurement) {
  client_.set_timeout(absl::Milliseconds(200));
  EXPECT_EQ(client_.MeasureAccuracy(LongRequest()).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(AccuracyClientTest, TheServersErrorIsTheStatus) {
  v1::MeasureAccuracyRequest request = BriefRequest();
  request.set_activation("tanj");
  const absl::Status status = client_.MeasureAccuracy(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tanh"));
}

TEST_F(AccuracyClientTest, WhatIsLargerThanTheServerTakesIsNotSent) {
  ServerOptions options;
  options.limits.message_size_bytes = 8192;
  const std::unique_ptr<Server> small = StartServer(options);
  Client client = Client::Connect(small->address());
  v1::MeasureAccuracyRequest request = BriefRequest();
  v1::Tensor& x = *request.mutable_inputs()->mutable_given()->add_inputs();
  x.set_dtype(v1::DTYPE_BF16);
  x.add_shape(4000);
  x.set_data(std::string(8000, '\0'));
  EXPECT_TRUE(client.MeasureAccuracy(request).ok());
  x.set_shape(0, 4100);
  x.set_data(std::string(8200, '\0'));
  const absl::Status status = client.MeasureAccuracy(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 8192 (--max_message_bytes)"));
}

TEST_F(AccuracyClientTest, KernelsAreComparedOnTheSameInputs) {
  v1::CompareKernelsRequest request;
  request.set_activation("tanh");
  request.set_direction(v1::DIRECTION_FORWARD);
  request.set_dtype(v1::DTYPE_F16);
  request.mutable_first()->set_isa("scalar");
  request.mutable_second()->set_isa("scalar");
  request.mutable_inputs()->mutable_exhaustive();
  const absl::StatusOr<v1::Comparison> comparison = client_.CompareKernels(request);
  ASSERT_TRUE(comparison.ok()) << comparison.status();
  EXPECT_EQ(comparison->differing(), 0);
  EXPECT_EQ(comparison->first().report().output_hash(), comparison->second().report().output_hash());
  EXPECT_EQ(comparison->first().report().checked(), 65536);
}

TEST_F(AccuracyClientTest, CertificatesComeInPagesOrAllAtOnce) {
  std::set<std::string> ids;
  for (const char* activation : {"tanh", "relu", "sigmoid"}) {
    v1::MeasureAccuracyRequest request = BriefRequest();
    request.set_activation(activation);
    const absl::StatusOr<v1::Certificate> certificate = client_.MeasureAccuracy(request);
    ASSERT_TRUE(certificate.ok()) << certificate.status();
    ids.insert(certificate->id());
  }
  v1::ListCertificatesRequest request;
  request.set_page_size(2);
  const absl::StatusOr<v1::ListCertificatesResponse> page = client_.ListCertificates(request);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->certificates_size(), 2);
  const absl::StatusOr<std::vector<v1::Certificate>> all = client_.ListAllCertificates(request);
  ASSERT_TRUE(all.ok()) << all.status();
  std::set<std::string> listed;
  for (const v1::Certificate& certificate : *all) listed.insert(certificate.id());
  EXPECT_EQ(listed, ids);
}

TEST_F(AccuracyClientTest, ACertificateIsDeletedByTheBeginningOfItsId) {
  const absl::StatusOr<v1::Certificate> measured = client_.MeasureAccuracy(BriefRequest());
  ASSERT_TRUE(measured.ok()) << measured.status();
  const absl::StatusOr<std::string> deleted = client_.DeleteCertificate(measured->id().substr(0, 6));
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(*deleted, measured->id());
  EXPECT_TRUE(client_.ListAllCertificates()->empty());
  EXPECT_EQ(client_.DeleteCertificate(*deleted).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AccuracyClientTest, ACertificateMovesToAnotherServer) {
  const absl::StatusOr<v1::Certificate> measured = client_.MeasureAccuracy(BriefRequest());
  ASSERT_TRUE(measured.ok()) << measured.status();
  const absl::StatusOr<v1::Certificate> whole = client_.GetCertificate(measured->id());
  ASSERT_TRUE(whole.ok()) << whole.status();
  const std::unique_ptr<Server> other = StartServer();
  Client other_client = Client::Connect(other->address());
  const absl::StatusOr<v1::ImportCertificateResponse> stored = other_client.ImportCertificate(*whole);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(stored->unsaved());
  const absl::StatusOr<v1::Certificate> moved = other_client.GetCertificate(stored->id());
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(moved->report().SerializeAsString(), whole->report().SerializeAsString());
  EXPECT_EQ(client_.GetCertificate("no such id").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(other_client.ImportCertificate({}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace actbench
