// SPDX-License-Identifier: Apache-2.0
#include "server/catalog_service.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/raw_call.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

class CatalogServiceTest : public testing::Test {
 protected:
  grpc::Status ListKernels(const v1::ListKernelsRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    return server_.catalog->ListKernels(&context, request, &response_);
  }

  TestServer server_;
  v1::ListKernelsResponse response_;
};

TEST_F(CatalogServiceTest, ListsEveryActivation) {
  grpc::ClientContext context;
  v1::ListActivationsResponse response;
  ASSERT_TRUE(server_.catalog->ListActivations(&context, {}, &response).ok());
  const auto all = AllActivations();
  ASSERT_EQ(static_cast<size_t>(response.activations_size()), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    const v1::Activation& listed = response.activations(static_cast<int>(i));
    EXPECT_EQ(listed.name(), all[i]->name);
    EXPECT_EQ(static_cast<size_t>(listed.input_count()), all[i]->inputs);
    ASSERT_EQ(static_cast<size_t>(listed.parameters_size()), all[i]->Parameters().size());
    for (int k = 0; k < listed.parameters_size(); ++k) {
      const v1::Parameter& written = listed.parameters(k);
      const Parameter& parameter = all[i]->Parameters()[static_cast<size_t>(k)];
      EXPECT_EQ(written.name(), parameter.name);
      EXPECT_EQ(written.default_value(), parameter.default_value);
      EXPECT_EQ(written.min_value(), parameter.min_value);
      EXPECT_EQ(written.max_value(), parameter.max_value);
      EXPECT_EQ(written.excludes_zero(), parameter.excludes_zero);
      EXPECT_EQ(written.at_most(), parameter.at_most);
      EXPECT_EQ(written.range(), RangeOf(parameter));
    }
    EXPECT_EQ(static_cast<size_t>(listed.aliases_size()), all[i]->Aliases().size());
    EXPECT_FALSE(listed.summary().empty());
    EXPECT_LT(listed.domain_min(), listed.domain_max());
  }
}

TEST_F(CatalogServiceTest, ListsEveryKernelByDefault) {
  ASSERT_TRUE(ListKernels({}).ok());
  EXPECT_EQ(static_cast<size_t>(response_.kernels_size()), Catalog::Default().kernels().size());
  EXPECT_EQ(response_.kernels(0).name(), Catalog::Default().kernels()[0].Name());
}

TEST_F(CatalogServiceTest, ListsTheKernelsThatMatchEveryFilter) {
  v1::ListKernelsRequest request;
  request.set_activation("torch:SiLU");
  request.set_direction(v1::DIRECTION_GRADIENT);
  request.set_dtype(v1::DTYPE_BF16);
  request.mutable_selector()->set_isa("scalar");
  ASSERT_TRUE(ListKernels(request).ok());
  std::set<std::string> names;
  for (const v1::Kernel& kernel : response_.kernels()) names.insert(kernel.name());
  EXPECT_EQ(names, std::set<std::string>(
                       {"silu/gradient/bf16/actbench/exact/scalar", "silu/gradient/bf16/actbench/fast/scalar"}));
  request.mutable_selector()->set_tier("exact");
  ASSERT_TRUE(ListKernels(request).ok());
  ASSERT_EQ(response_.kernels_size(), 1);
  EXPECT_EQ(response_.kernels(0).name(), "silu/gradient/bf16/actbench/exact/scalar");
}

TEST_F(CatalogServiceTest, SaysWhatThereIsWhereAFilterHasAValueOfNoKernel) {
  v1::ListKernelsRequest request;
  request.mutable_selector()->set_isa("scalarr");
  const grpc::Status status = ListKernels(request);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  ExpectContains(status.error_message(), {"isa", "\"scalarr\"", "there are", "\"scalar\"?"});
}

TEST_F(CatalogServiceTest, DoesNotFindKernelsOfUnknownActivations) {
  v1::ListKernelsRequest request;
  request.set_activation("sillu");
  const grpc::Status status = ListKernels(request);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  ExpectContains(status.error_message(), {"sillu", "silu"});
}

TEST_F(CatalogServiceTest, RejectsFiltersThatAreNoValues) {
  v1::ListKernelsRequest request;
  request.set_dtype(static_cast<v1::Dtype>(77));
  EXPECT_EQ(ListKernels(request).error_code(), grpc::INVALID_ARGUMENT);
  request.set_dtype(v1::DTYPE_F32);
  request.set_direction(static_cast<v1::Direction>(77));
  EXPECT_EQ(ListKernels(request).error_code(), grpc::INVALID_ARGUMENT);
}

TEST(ServerInfoTest, TellsTheBuildTheMachineAndTheLimits) {
  ServerOptions options;
  options.threads = 3;
  options.limits.batch_items = 17;
  TestServer server(options);
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(server.catalog->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.threads(), 3);
  EXPECT_EQ(info.limits().batch_items(), 17);
  EXPECT_EQ(info.limits().message_size_bytes(), options.limits.message_size_bytes);
  EXPECT_EQ(info.limits().tensor_elements(), options.limits.tensor_elements);
  EXPECT_EQ(info.limits().measured_elements(), options.limits.measured_elements);
  EXPECT_EQ(info.limits().queue_length(), options.limits.queue_length);
  EXPECT_EQ(info.limits().inflight_bytes(), options.limits.inflight_bytes);
  EXPECT_EQ(info.limits().accuracy_samples(), options.limits.accuracy_samples);
  EXPECT_EQ(info.limits().benchmark_cases(), options.limits.benchmark_cases);
  EXPECT_EQ(info.limits().benchmark_bytes(), options.limits.benchmark_bytes);
  EXPECT_EQ(info.limits().benchmark_seconds(), options.limits.benchmark_seconds);
  EXPECT_FALSE(info.build().version().empty());
  EXPECT_FALSE(info.build().compiler().empty());
  EXPECT_FALSE(info.build().grpc_version().empty());
  EXPECT_FALSE(info.machine().cpu_model().empty());
  EXPECT_GE(info.machine().cpu_count(), 1);
  ASSERT_GE(info.machine().isas_size(), 1);
  EXPECT_EQ(info.machine().isas(0), "scalar");
  ASSERT_GE(info.machine().devices_size(), 1);
  EXPECT_EQ(info.machine().devices(0), "cpu");
}

TEST(ServerInfoTest, HasThePluginsAndWhatIsLeftOutOfThem) {
  ServerOptions options;
  options.plugins = {"a=" ACTBENCH_PLUGIN_FILE, "b=" ACTBENCH_PLUGIN_FILE};
  TestServer server(options);
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(server.catalog->GetServerInfo(&context, {}, &info).ok());
  ASSERT_EQ(info.plugins_size(), 2);
  EXPECT_EQ(info.plugins(0).provider(), "a");
  EXPECT_EQ(info.plugins(1).provider(), "b");
  EXPECT_EQ(info.plugins(0).version(), "1.0 of the tests");
  EXPECT_EQ(info.plugins(0).content_hash().size(), 16u);
  ASSERT_EQ(info.warnings_size(), 2);
  ExpectContains(info.warnings(0), {"plug-in a: its kernels for ", "(1 of 3) are left out"});
}

TEST(ServerInfoTest, AServerWithABadPluginDoesNotStart) {
  ServerOptions options;
  options.address.clear();
  options.metrics_address.clear();
  options.plugins = {"actbench=" ACTBENCH_PLUGIN_FILE};
  const absl::Status status = Server::Start(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  ExpectContains(std::string(status.message()), {"plug-in actbench=" ACTBENCH_PLUGIN_FILE ": its name is"});
}

TEST_F(CatalogServiceTest, RejectsEndlessNamesAtOnce) {
  const std::string endless(size_t{60} << 20, 'a');
  v1::ListKernelsRequest request;
  request.set_activation(endless);
  const grpc::Status activation = ListKernels(request);
  EXPECT_EQ(activation.error_code(), grpc::INVALID_ARGUMENT);
  ExpectContains(activation.error_message(), {"activation has 62914560 bytes", "at most 128"});
  request.clear_activation();
  request.mutable_selector()->set_isa(endless);
  ExpectContains(ListKernels(request).error_message(), {"selector.isa has 62914560 bytes"});
}

TEST_F(CatalogServiceTest, SaysThatARequestCannotBeParsedAndCountsIt) {
  for (const std::string method : {"ListActivations", "ListKernels", "GetServerInfo"}) {
    RawCall call(server_.channel, "/actbench.v1.CatalogService/" + method);
    EXPECT_EQ(call.Exchange("\xff\xff\xff"), "failed");
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << method;
    ExpectContains(status.error_message(), {"3 bytes are no actbench.v1." + method + "Request"});
    EXPECT_EQ(server_.Metric("actbench_rpc_rejected_total{method=\"" + method + "\",reason=\"invalid\"}"), 1);
  }
}

}  // namespace
}  // namespace actbench
