// SPDX-License-Identifier: Apache-2.0
// The calls about stored certificates, and what a server keeps of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/build_id.h"
#include "server/certificate_check.h"
#include "server/state_db.h"
#include "tests/accuracy_service_fixture.h"
#include "tests/few_kernels.h"
#include "tests/temporary_directory.h"

namespace actbench {
namespace {

using CertificateServiceTest = AccuracyServiceTest;

TEST_F(CertificateServiceTest, ListsCertificatesThatMatch) {
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

TEST_F(CertificateServiceTest, RejectsFiltersThatAreNoValues) {
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

TEST_F(CertificateServiceTest, ListsTheCertificatesThatStandForAMeasurement) {
  v1::MeasureAccuracyRequest measurement = ShortMeasurement();
  measurement.set_activation("swish");
  measurement.set_direction(v1::DIRECTION_GRADIENT);
  measurement.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(true);
  const std::string unit = Measure(server_, measurement).id();
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
  request.set_unit_upstream(true);
  ASSERT_EQ(List(request).certificates_size(), 2);
  EXPECT_EQ(List(request).certificates(1).id(), unit);
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
  ExpectContains(status_.error_message(), {"unit_upstream", "current_only"});
  request.clear_unit_upstream();
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"parameters", "current_only"});
  request.Clear();
  request.set_current_only(true);
  List(request);
  EXPECT_EQ(status_.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(status_.error_message(), {"current_only", "activation"});
}

TEST_F(CertificateServiceTest, DeletesACertificateByTheBeginningOfItsId) {
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

TEST_F(CertificateServiceTest, FindsNoCertificateThatIsNotThere) {
  Get("0123456789abcdef");
  EXPECT_EQ(status_.error_code(), grpc::NOT_FOUND);
  ExpectContains(status_.error_message(), {"0123456789abcdef"});
}

TEST_F(CertificateServiceTest, ImportsWhatItGave) {
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

TEST_F(CertificateServiceTest, RefusesToImportWhatIsNoCertificate) {
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

TEST_F(CertificateServiceTest, EveryExhaustiveMeasurementMayBeImported) {
  ACTBENCH_NEEDS_ALL_KERNELS();
  google::protobuf::util::DefaultFieldComparator equal_nan;
  equal_nan.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&equal_nan);
  for (const ActivationInfo* activation : AllActivations()) {
    if (activation->inputs != 1) continue;  // 2^32 pairs
    for (const v1::Dtype dtype : {v1::DTYPE_F16, v1::DTYPE_BF16}) {
      for (const v1::Direction direction : {v1::DIRECTION_FORWARD, v1::DIRECTION_GRADIENT}) {
        v1::MeasureAccuracyRequest request = MakeMeasurement(std::string(activation->name), dtype, direction);
        request.mutable_inputs()->mutable_exhaustive()->set_unit_upstream(direction == v1::DIRECTION_GRADIENT);
        v1::Certificate certificate = Measure(server_, request);
        EXPECT_EQ(CheckCertificate(certificate, absl::Now()), absl::OkStatus()) << certificate.kernel().name();
        // It is as canonical as can be.
        const v1::Certificate before = certificate;
        MakeCanonical(certificate);
        EXPECT_TRUE(differencer.Compare(certificate, before)) << before.kernel().name();
      }
    }
  }
}

// ---- State ----

class CertificateStateTest : public testing::Test {
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

TEST_F(CertificateStateTest, CertificatesSurviveTheServer) {
  const v1::Certificate certificate = Measure(*Start(), ShortMeasurement());
  EXPECT_FALSE(certificate.unsaved());
  EXPECT_EQ(Get(*Start(), certificate.id()).report().output_hash(), certificate.report().output_hash());
}

TEST_F(CertificateStateTest, TheGaugesOfCertificatesSurviveTheServer) {
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

TEST_F(CertificateStateTest, WithoutADirectoryNothingIsSavedAndNothingIsWrong) {
  TestServer server;
  EXPECT_TRUE(Measure(server, ShortMeasurement()).unsaved());
  EXPECT_EQ(Warnings(server), "");
}

TEST_F(CertificateStateTest, WhatCannotBeReadOrKeptIsNotAnsweredAsIfItCould) {
  const v1::Certificate certificate = Get(*Start(), Measure(*Start(), ShortMeasurement()).id());
  ASSERT_TRUE((*StateDb::Open(directory_.path()))->Execute("PRAGMA user_version = 1000").ok());
  const auto server = Start();
  ExpectContains(Warnings(*server), {directory_.path(), "version 1000"});
  const auto stub = v1::AccuracyService::NewStub(server->channel);
  const auto expect = [this](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION) << status.error_message();
    ExpectContains(status.error_message(), {directory_.path() + "/actbench.sqlite", "version 1000"});
  };
  {
    grpc::ClientContext context;
    v1::ListCertificatesResponse response;
    expect(stub->ListCertificates(&context, {}, &response));
  }
  {
    grpc::ClientContext context;
    v1::ImportCertificateRequest request;
    *request.mutable_certificate() = certificate;
    v1::ImportCertificateResponse response;
    expect(stub->ImportCertificate(&context, request, &response));
  }
  // Measurements go on.
  EXPECT_TRUE(Measure(*server, ShortMeasurement()).unsaved());
}

TEST_F(CertificateStateTest, ADatabaseThatIsLockedHoldsUpNothingButWhatIsToBeStored) {
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
  EXPECT_EQ(server->Metric("actbench_state_unsaved"), 1);
  // Once the lock is gone it is saved without anyone asking.
  ASSERT_TRUE(other->Execute("COMMIT").ok());
  const absl::Time deadline = absl::Now() + kPatience;
  while (!Warnings(*server).empty() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(10));
  EXPECT_FALSE(Get(*server, stream.certificate.id()).unsaved());
  EXPECT_EQ(server->Metric("actbench_state_unsaved"), 0);
  EXPECT_EQ(Get(*Start(), stream.certificate.id()).id(), stream.certificate.id());
}

TEST_F(CertificateStateTest, ADatabaseThatIsLockedDoesNotKeepTheServer) {
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

}  // namespace
}  // namespace actbench
