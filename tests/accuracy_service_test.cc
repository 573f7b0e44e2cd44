// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_service.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/build_id.h"
#include "tests/accuracy_fixture.h"
#include "tests/accuracy_service_fixture.h"
#include "tests/raw_call.h"

namespace actbench {
namespace {

// ---- Measurements ----

TEST_F(AccuracyServiceTest, AnExhaustiveMeasurementGivesAStoredCertificate) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  request.set_activation("swish");
  (*request.mutable_parameters())["beta"] = 1.5;
  MeasureStream stream(server_, request);
  ASSERT_TRUE(stream.Finish().ok());
  const v1::Certificate& certificate = stream.certificate;
  EXPECT_EQ(certificate.kernel().activation(), "swish");
  EXPECT_EQ(certificate.kernel().isa(), Catalog::Default().isas().back());
  EXPECT_EQ(certificate.parameters().at("beta"), 1.5);
  EXPECT_EQ(certificate.mode(), "exhaustive");
  EXPECT_EQ(certificate.report().checked(), 65536);
  EXPECT_GT(certificate.report().max_ulp(), 0.4);
  EXPECT_EQ(certificate.report().output_hash().size(), 16U);
  EXPECT_GT(certificate.report().worst_size(), 0);
  EXPECT_GT(certificate.report().binades_size(), 40);
  EXPECT_GT(certificate.report().special_values_size(), 5);
  EXPECT_EQ(certificate.build_id(), KernelBuildId());
  EXPECT_GT(certificate.seconds(), 0);
  EXPECT_NEAR(static_cast<double>(certificate.time().seconds()), absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()),
              60);
  EXPECT_FALSE(certificate.id().empty());
  EXPECT_FALSE(certificate.stale());
  EXPECT_EQ(Get(certificate.id()).SerializeAsString(), certificate.SerializeAsString());
  // As GetServerInfo says.
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(server_.catalog->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(certificate.build().SerializeAsString(), info.build().SerializeAsString());
  EXPECT_EQ(certificate.machine().SerializeAsString(), info.machine().SerializeAsString());
}

TEST_F(AccuracyServiceTest, TheResultIsTheLastMessage) {
  MeasureStream stream(server_, ShortMeasurement());
  ASSERT_TRUE(stream.Finish().ok());
  for (const v1::AccuracyProgress& progress : stream.progress) {
    EXPECT_EQ(progress.inputs_total(), 65536);
    EXPECT_LE(progress.inputs_done(), 65536);
  }
  EXPECT_TRUE(stream.certificate.has_report());
}

TEST_F(AccuracyServiceTest, SamplesAreNotStored) {
  v1::MeasureAccuracyRequest request = MakeMeasurement("tanh", v1::DTYPE_F64, v1::DIRECTION_GRADIENT);
  request.mutable_inputs()->mutable_sampled()->set_count(100);
  const v1::Certificate certificate = Measure(server_, request);
  EXPECT_EQ(certificate.mode(), "sampled");
  EXPECT_FALSE(certificate.has_claim());
  request.mutable_inputs()->mutable_sampled()->set_unit_upstream(true);
  EXPECT_TRUE(Measure(server_, request).claim().kept());
  EXPECT_EQ(certificate.report().checked(), 100);
  EXPECT_TRUE(certificate.id().empty());
  EXPECT_EQ(List().certificates_size(), 0);
  // Not among the metrics either: they are about all inputs.
  EXPECT_TRUE(server_.WaitForMetric("actbench_inflight_bytes", 0));
  EXPECT_EQ(FetchMetrics(server_.server->metrics_address()).find("source=\"certificate\""), std::string::npos);
}

TEST_F(AccuracyServiceTest, MeasuresGivenTensors) {
  v1::MeasureAccuracyRequest request = MakeMeasurement("silu", v1::DTYPE_F32, v1::DIRECTION_GRADIENT);
  v1::GivenInputs& given = *request.mutable_inputs()->mutable_given();
  *given.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(5000));
  *given.add_inputs() = MakeTensor(v1::DTYPE_F32, std::vector<float>(5000, 3));
  const v1::Certificate certificate = Measure(server_, request);
  EXPECT_EQ(certificate.mode(), "given");
  EXPECT_EQ(certificate.report().checked(), 5000);
  for (const v1::InputError& error : certificate.report().worst()) {
    ASSERT_EQ(error.inputs_size(), 2);
    EXPECT_EQ(error.inputs(1), 3);
  }
}

TEST_F(AccuracyServiceTest, CountsCertificatesOfAllInputsWithDefaultParameters) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  request.set_activation("swish");
  const v1::Certificate certificate = Measure(server_, request);
  (*request.mutable_parameters())["beta"] = 1.5;
  EXPECT_NE(Measure(server_, request).report().mean_ulp(), certificate.report().mean_ulp());
  EXPECT_EQ(CertificateMetric(server_, "checked_elements_total", certificate.kernel()), 65536);
  EXPECT_NEAR(CertificateMetric(server_, "max_ulp", certificate.kernel()), certificate.report().max_ulp(), 1e-6);
  EXPECT_NEAR(CertificateMetric(server_, "mean_ulp", certificate.kernel()), certificate.report().mean_ulp(), 1e-9);
  request.clear_parameters();
  request.set_direction(v1::DIRECTION_GRADIENT);
  request.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(true);
  EXPECT_FALSE(Measure(server_, request).id().empty());
  EXPECT_EQ(FetchMetrics(server_.server->metrics_address()).find("direction=\"gradient\""), std::string::npos);
}

TEST_F(AccuracyServiceTest, ComparesTwoKernelsOnTheSameInputs) {
  v1::CompareKernelsRequest request;
  request.set_activation("gelu_erf");
  request.set_direction(v1::DIRECTION_FORWARD);
  request.set_dtype(v1::DTYPE_F16);
  request.mutable_first()->set_isa("scalar");
  request.mutable_inputs()->mutable_exhaustive();
  const v1::Comparison comparison = Compare(request);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(comparison.first().kernel().isa(), "scalar");
  EXPECT_EQ(comparison.second().kernel().isa(), Catalog::Default().isas().back());
  EXPECT_EQ(comparison.first().report().checked(), 65536);
  EXPECT_EQ(comparison.second().report().checked(), 65536);
  const bool same = comparison.first().report().output_hash() == comparison.second().report().output_hash();
  EXPECT_EQ(comparison.differing() == 0, same);
  EXPECT_EQ(comparison.differences_size() == 0, same);
  // Both are certificates as MeasureAccuracy gives them.
  v1::MeasureAccuracyRequest measure = MakeMeasurement("gelu_erf", v1::DTYPE_F16);
  measure.mutable_selector()->set_isa("scalar");
  measure.mutable_inputs()->mutable_exhaustive();
  EXPECT_EQ(Measure(server_, measure).report().output_hash(), comparison.first().report().output_hash());
  EXPECT_EQ(Get(comparison.first().id()).kernel().isa(), "scalar");
  EXPECT_EQ(Get(comparison.second().id()).kernel().isa(), comparison.second().kernel().isa());
}

// ---- Errors ----

TEST_F(AccuracyServiceTest, RefusesWhatItCannotMeasure) {
  v1::MeasureAccuracyRequest request = MakeMeasurement("sigmoid", v1::DTYPE_F64);
  request.mutable_inputs()->mutable_exhaustive();
  grpc::Status status = MeasureStream(server_, request).Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status.error_message(), {"f64", "2^64", "use inputs.sampled"});
  request.set_dtype(v1::DTYPE_F16);
  request.mutable_selector()->set_isa("neon");
  status = MeasureStream(server_, request).Finish();
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  ExpectContains(status.error_message(), {"neon", "there are"});
  request.clear_selector();
  request.mutable_inputs()->mutable_sampled()->set_count(int64_t{1} << 40);
  status = MeasureStream(server_, request).Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(Rejected("MeasureAccuracy", "invalid"), 2);
  EXPECT_EQ(Rejected("MeasureAccuracy", "too_large"), 1);
  Compare({});
  EXPECT_EQ(status_.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(Rejected("CompareKernels", "invalid"), 1);
  EXPECT_EQ(server_.Metric("actbench_inflight_bytes"), 0);
}

TEST_F(AccuracyServiceTest, RefusesRequestsThatAreNone) {
  const std::string no_text = "\x0a\x02\xff\xfe";  // field 1 is not UTF-8
  for (const std::string method :
       {"MeasureAccuracy", "CompareKernels", "ListCertificates", "GetCertificate", "DeleteCertificate"}) {
    RawCall call(server_.channel, "/actbench.v1.AccuracyService/" + method);
    call.SendLast(no_text);
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << method;
    ExpectContains(status.error_message(), {"4 bytes", method + "Request", "UTF-8"});
    EXPECT_EQ(Rejected(method, "invalid"), 1);
  }
  RawCall damaged(server_.channel, "/actbench.v1.AccuracyService/MeasureAccuracy");
  damaged.SendLast("\xff");
  EXPECT_EQ(damaged.Finish().error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(AccuracyServiceTest, RefusesRequestsOfTooManyFields) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  for (int i = 0; i < 300; ++i) (*request.mutable_parameters())[std::to_string(i)] = 1;
  const grpc::Status status = MeasureStream(server_, request).Finish();
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status.error_message(), {"256", "fields"});
}

TEST(AccuracySizeTest, RefusesMessagesThatAreTooLarge) {
  ServerOptions options;
  options.limits.message_size_bytes = 10'000;
  TestServer server(options);
  v1::MeasureAccuracyRequest request = MakeMeasurement("sigmoid", v1::DTYPE_F32);
  *request.mutable_inputs()->mutable_given()->add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(10'000));
  EXPECT_EQ(MeasureStream(server, request).Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace actbench
