// SPDX-License-Identifier: Apache-2.0
#include "server/accuracy_service.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/build_id.h"
#include "server/state_db.h"
#include "tests/accuracy_fixture.h"
#include "tests/raw_call.h"
#include "tests/temporary_directory.h"

namespace actbench {
namespace {

class AccuracyServiceTest : public testing::Test {
 protected:
  v1::Certificate Get(const std::string& id) {
    grpc::ClientContext context;
    v1::GetCertificateRequest request;
    request.set_id(id);
    v1::GetCertificateResponse response;
    status_ = stub_->GetCertificate(&context, request, &response);
    return response.certificate();
  }
  std::string Import(const v1::Certificate& certificate) {
    grpc::ClientContext context;
    v1::ImportCertificateRequest request;
    *request.mutable_certificate() = certificate;
    v1::ImportCertificateResponse response;
    status_ = stub_->ImportCertificate(&context, request, &response);
    return response.id();
  }
  std::string Delete(const std::string& id) {
    grpc::ClientContext context;
    v1::DeleteCertificateRequest request;
    request.set_id(id);
    v1::DeleteCertificateResponse response;
    status_ = stub_->DeleteCertificate(&context, request, &response);
    return response.id();
  }
  v1::ListCertificatesResponse List(const v1::ListCertificatesRequest& request = {}) {
    grpc::ClientContext context;
    v1::ListCertificatesResponse response;
    status_ = stub_->ListCertificates(&context, request, &response);
    return response;
  }
  v1::Comparison Compare(const v1::CompareKernelsRequest& request) {
    grpc::ClientContext context;
    const auto reader = stub_->CompareKernels(&context, request);
    v1::CompareKernelsResponse response;
    v1::Comparison comparison;
    while (reader->Read(&response)) {
      if (response.has_comparison()) comparison = response.comparison();
    }
    status_ = reader->Finish();
    return comparison;
  }
  double Rejected(const std::string& method, const std::string& reason) const {
    return server_.Metric("actbench_rpc_rejected_total{method=\"" + method + "\",reason=\"" + reason + "\"}");
  }

  TestServer server_;
  const std::unique_ptr<v1::AccuracyService::Stub> stub_ = v1::AccuracyService::NewStub(server_.channel);
  grpc::Status status_;
};

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

// "checked_elements_total", for example, of the source "certificate".
double CertificateMetric(const TestServer& server, const std::string& name, const v1::Kernel& kernel) {
  const std::string direction = kernel.direction() == v1::DIRECTION_FORWARD ? "forward" : "gradient";
  return server.Metric("actbench_accuracy_" + name + "{activation=\"" + kernel.activation() +
                       "\",device=\"cpu\",direction=\"" + direction + "\",dtype=\"f16\",isa=\"" + kernel.isa() +
                       "\",provider=\"actbench\",source=\"certificate\",tier=\"fast\"}");
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

// ---- Certificates ----

TEST_F(AccuracyServiceTest, ListsCertificatesThatMatch) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  const std::string first = Measure(server_, request).id();
  request.set_activation("tanh");
  const std::string second = Measure(server_, request).id();
  request.set_dtype(v1::DTYPE_BF16);
  const std::string third = Measure(server_, request).id();
  v1::ListCertificatesResponse all = List();
  ASSERT_EQ(all.certificates_size(), 3);
  EXPECT_EQ(all.certificates(0).id(), third);
  EXPECT_EQ(all.certificates(0).report().worst_size(), 0);
  v1::ListCertificatesRequest filter;
  filter.set_activation("torch:Tanh");
  EXPECT_EQ(List(filter).certificates_size(), 2);
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  filter.set_dtype(v1::DTYPE_F16);
  ASSERT_EQ(List(filter).certificates_size(), 1);
  EXPECT_EQ(List(filter).certificates(0).id(), second);
  v1::ListCertificatesRequest pages;
  pages.set_page_size(2);
  pages.set_page_token(List(pages).next_page_token());
  ASSERT_EQ(List(pages).certificates_size(), 1);
  EXPECT_EQ(List(pages).certificates(0).id(), first);
}

TEST_F(AccuracyServiceTest, RejectsFiltersThatAreNoValues) {
  v1::ListCertificatesRequest request;
  request.set_activation("tanhh");
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::NOT_FOUND);
  ExpectContains(status_.error_message(), {"tanhh", "tanh"});
  request.set_activation("tanh");
  request.set_dtype(static_cast<v1::Dtype>(99));
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  request.set_dtype(v1::DTYPE_F16);
  request.set_page_token("next");
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"page_token", "next"});
  request.clear_page_token();
  request.set_page_size(-1);
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"page_size is -1"});
  EXPECT_EQ(Rejected("ListCertificates", "invalid"), 4);
}

TEST_F(AccuracyServiceTest, ListsTheCertificatesThatStandForAMeasurement) {
  v1::MeasureAccuracyRequest measurement = ShortMeasurement();
  measurement.set_activation("swish");
  measurement.set_direction(v1::DIRECTION_GRADIENT);
  measurement.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(true);
  Measure(server_, measurement);
  measurement.set_direction(v1::DIRECTION_FORWARD);
  measurement.mutable_inputs()->mutable_exhaustive()->clear_unit_upstream();
  const std::string wanted = Measure(server_, measurement).id();
  (*measurement.mutable_parameters())["beta"] = 1.5;
  const std::string other = Measure(server_, measurement).id();
  v1::ListCertificatesRequest request;
  request.set_activation("swish");
  request.set_current_only(true);
  ASSERT_EQ(List(request).certificates_size(), 1);
  EXPECT_EQ(List(request).certificates(0).id(), wanted);
  (*request.mutable_parameters())["beta"] = 1.5;
  ASSERT_EQ(List(request).certificates_size(), 1);
  EXPECT_EQ(List(request).certificates(0).id(), other);

  (*request.mutable_parameters())["gamma"] = 1;
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"gamma", "beta"});
  request.clear_current_only();
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"parameters", "current_only"});
  request.Clear();
  request.set_current_only(true);
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"current_only", "activation"});
}

TEST_F(AccuracyServiceTest, DeletesACertificateByTheBeginningOfItsId) {
  const std::string id = Measure(server_, ShortMeasurement()).id();
  EXPECT_EQ(Get(id.substr(0, 4)).id(), id);
  EXPECT_EQ(Delete(id.substr(0, 4)), id);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_EQ(List().certificates_size(), 0);
  Delete(id);
  EXPECT_EQ(status_.error_code(), grpc::NOT_FOUND);
  Delete(id.substr(0, 3));
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {id.substr(0, 3), "at least 4"});
}

TEST_F(AccuracyServiceTest, FindsNoCertificateThatIsNotThere) {
  Get("0123456789abcdef");
  EXPECT_EQ(status_.error_code(), grpc::NOT_FOUND);
  ExpectContains(status_.error_message(), {"0123456789abcdef"});
}

TEST_F(AccuracyServiceTest, ImportsWhatItGave) {
  const v1::Certificate certificate = Measure(server_, ShortMeasurement());
  EXPECT_EQ(Import(certificate), certificate.id());
  v1::Certificate foreign = certificate;
  foreign.set_build_id("fedcba9876543210");
  const std::string id = Import(foreign);
  ASSERT_TRUE(status_.ok()) << status_.error_message();
  EXPECT_NE(id, certificate.id());
  v1::Certificate imported = Get(id);
  EXPECT_TRUE(imported.stale());
  EXPECT_EQ(imported.build_id(), "fedcba9876543210");
  EXPECT_EQ(imported.report().worst_size(), certificate.report().worst_size());
  EXPECT_EQ(List().certificates_size(), 2);
}

TEST_F(AccuracyServiceTest, RefusesToImportWhatIsNoCertificate) {
  Import({});
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"certificate.kernel", "not given"});
  v1::Certificate large = Measure(server_, ShortMeasurement());
  for (int i = 0; i < 2000; ++i) large.mutable_machine()->add_isas(std::string(1000, 'x'));
  Import(large);
  EXPECT_EQ(status_.error_code(), grpc::RESOURCE_EXHAUSTED);
  ExpectContains(status_.error_message(), {"1048576"});
  EXPECT_EQ(Rejected("ImportCertificate", "invalid"), 1);
  EXPECT_EQ(Rejected("ImportCertificate", "too_large"), 1);
}

// ---- State ----

class AccuracyStateTest : public testing::Test {
 protected:
  std::unique_ptr<TestServer> Start() const {
    ServerOptions options;
    options.state_dir = directory_.path();
    return std::make_unique<TestServer>(options);
  }
  static v1::Certificate Get(const TestServer& server, const std::string& id) {
    grpc::ClientContext context;
    v1::GetCertificateRequest request;
    request.set_id(id);
    v1::GetCertificateResponse response;
    const grpc::Status status =
        v1::AccuracyService::NewStub(server.channel)->GetCertificate(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.certificate();
  }
  static std::string Warnings(const TestServer& server) {
    grpc::ClientContext context;
    v1::GetServerInfoResponse info;
    EXPECT_TRUE(server.catalog->GetServerInfo(&context, {}, &info).ok());
    std::string warnings;
    for (const std::string& warning : info.warnings()) warnings += warning + "\n";
    return warnings;
  }

  const TemporaryDirectory directory_;
};

TEST_F(AccuracyStateTest, CertificatesSurviveTheServer) {
  const v1::Certificate certificate = Measure(*Start(), ShortMeasurement());
  EXPECT_FALSE(certificate.unsaved());
  EXPECT_EQ(Get(*Start(), certificate.id()).report().output_hash(), certificate.report().output_hash());
}

TEST_F(AccuracyStateTest, TheGaugesOfCertificatesSurviveTheServer) {
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  request.set_activation("swish");
  v1::Certificate certificate;
  {
    const auto server = Start();
    certificate = Measure(*server, request);
    (*request.mutable_parameters())["beta"] = 1.5;
    Measure(*server, request);
    // A newer one of the same kernel from elsewhere.
    v1::ImportCertificateRequest import;
    *import.mutable_certificate() = certificate;
    import.mutable_certificate()->mutable_time()->set_seconds(certificate.time().seconds() + 60);
    import.mutable_certificate()->mutable_report()->set_mean_ulp(0);
    grpc::ClientContext context;
    v1::ImportCertificateResponse response;
    const grpc::Status status =
        v1::AccuracyService::NewStub(server->channel)->ImportCertificate(&context, import, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  const auto server = Start();
  const v1::Kernel& kernel = certificate.kernel();
  EXPECT_NEAR(CertificateMetric(*server, "max_ulp", kernel), certificate.report().max_ulp(), 1e-6);
  EXPECT_NEAR(CertificateMetric(*server, "mean_ulp", kernel), certificate.report().mean_ulp(), 1e-9);
  EXPECT_NEAR(CertificateMetric(*server, "last_check_timestamp_seconds", kernel),
              static_cast<double>(certificate.time().seconds()), 1);
  EXPECT_EQ(CertificateMetric(*server, "checked_elements_total", kernel), 0);
}

TEST_F(AccuracyStateTest, WithoutADirectoryNothingIsSavedAndNothingIsWrong) {
  TestServer server;
  EXPECT_TRUE(Measure(server, ShortMeasurement()).unsaved());
  EXPECT_EQ(Warnings(server), "");
}

TEST_F(AccuracyStateTest, ADatabaseThatIsLockedHoldsUpNothingButWhatIsToBeStored) {
  const auto server = Start();
  const v1::Certificate before = Measure(*server, ShortMeasurement());
  const std::unique_ptr<StateDb> other = *StateDb::Open(directory_.path());
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE").ok());
  const absl::Time start = absl::Now();
  v1::MeasureAccuracyRequest request = ShortMeasurement();
  request.set_activation("tanh");
  MeasureStream stream(*server, request);
  v1::AccuracyProgress progress;
  while (progress.inputs_done() < progress.inputs_total() || progress.inputs_total() == 0) {
    ASSERT_TRUE(stream.ReadProgress(progress));
  }
  // It is measured, and waits for the lock. Others come and go, and it still says so.
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream.ReadProgress(progress));
    EXPECT_EQ(Get(*server, before.id()).id(), before.id());
    v1::MeasureAccuracyRequest sampled = ShortMeasurement();
    sampled.mutable_inputs()->mutable_sampled()->set_count(100);
    EXPECT_EQ(Measure(*server, sampled).report().checked(), 100);
  }
  // In the end its client has it all the same, and is told.
  ASSERT_TRUE(stream.Finish().ok());
  EXPECT_GE(absl::Now() - start, StateDb::kPatience);
  EXPECT_TRUE(stream.certificate.unsaved());
  EXPECT_TRUE(Get(*server, stream.certificate.id()).unsaved());
  ExpectContains(Warnings(*server), {directory_.path(), "locked"});
  // Once the lock is gone it is saved without anyone asking.
  ASSERT_TRUE(other->Execute("COMMIT").ok());
  const absl::Time deadline = absl::Now() + kPatience;
  while (!Warnings(*server).empty() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_FALSE(Get(*server, stream.certificate.id()).unsaved());
  EXPECT_EQ(Get(*Start(), stream.certificate.id()).id(), stream.certificate.id());
}

TEST_F(AccuracyStateTest, ADatabaseThatIsLockedDoesNotKeepTheServer) {
  auto server = Start();
  const std::unique_ptr<StateDb> other = *StateDb::Open(directory_.path());
  ASSERT_TRUE(other->Execute("BEGIN IMMEDIATE").ok());
  MeasureStream stream(*server, ShortMeasurement());
  v1::AccuracyProgress progress;
  while (progress.inputs_done() < 65536) ASSERT_TRUE(stream.ReadProgress(progress));
  const absl::Time start = absl::Now();
  server->server->Shutdown(absl::Milliseconds(100));
  EXPECT_LT(absl::Now() - start, StateDb::kPatience - absl::Seconds(1));
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
