// SPDX-License-Identifier: Apache-2.0
// A server with a GPU that is none: what its clients see of it, until it is lost.
#include <gtest/gtest.h>

#include <string>

#include "client/client.h"
#include "tests/fake_gpu.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

class GpuServerTest : public testing::Test {
 protected:
  static v1::EvaluateItem Relu(const std::string& device) {
    v1::EvaluateItem item = MakeItem(1000);
    item.set_activation("relu");
    item.mutable_selector()->set_device(device);
    return item;
  }
  static ServerOptions OptionsFor(const FakeGpu& gpu) {
    ServerOptions options;
    options.catalog = &gpu.catalog();
    return options;
  }
  static absl::StatusOr<bool> IsServing(const TestServer& server, const std::string& service) {
    return Client::Connect(server.server->address()).IsServing(service);
  }
  static v1::GetServerInfoResponse InfoOf(TestServer& server) {
    grpc::ClientContext context;
    v1::GetServerInfoResponse info;
    EXPECT_TRUE(server.catalog->GetServerInfo(&context, {}, &info).ok());
    return info;
  }
};

TEST_F(GpuServerTest, DescribesItAndServesIt) {
  const FakeGpu gpu;
  TestServer server(OptionsFor(gpu));
  const v1::GetServerInfoResponse info = InfoOf(server);
  ASSERT_EQ(info.gpus_size(), 1);
  EXPECT_EQ(info.gpus(0).device(), "cuda:0");
  EXPECT_EQ(info.gpus(0).model(), "Fake 1000");
  EXPECT_EQ(info.gpus(0).isa(), "sm_90");
  EXPECT_EQ(info.gpus(0).memory_limit_bytes(), int64_t{64} << 20);
  EXPECT_EQ(info.machine().devices(0), "cpu");
  EXPECT_EQ(info.machine().devices(1), "cuda:0");
  EXPECT_EQ(info.warnings_size(), 0);

  const v1::EvaluateResult result = server.EvaluateOne(Relu("cuda:0"));
  ASSERT_EQ(result.status().code(), 0) << result.status().message();
  EXPECT_EQ(result.kernel().name(), "relu/forward/f32/actbench/fast/sm_90");
  EXPECT_EQ(result.kernel().device(), "cuda:0");
  EXPECT_EQ(ValuesOf<float>(result.outputs(0)), ValuesOf<float>(server.EvaluateOne(Relu("cpu")).outputs(0)));
  EXPECT_EQ(server.EvaluateOne(Relu("")).kernel().device(), "cpu") << "where none is asked for";
  EXPECT_EQ(*IsServing(server, "cuda:0"), true);
  EXPECT_TRUE(absl::IsNotFound(IsServing(server, "cuda:1").status()));

  EXPECT_EQ(server.Metric("actbench_gpu_lost{device=\"cuda:0\"}"), 0);
  EXPECT_EQ(server.Metric("actbench_gpu_launches_total{device=\"cuda:0\"}"), 1);
  EXPECT_EQ(server.Metric("actbench_gpu_held_bytes{device=\"cuda:0\",memory=\"pinned\"}"), 4 << 20);
  EXPECT_EQ(server.Metric("actbench_gpu_memory_bytes{device=\"cuda:0\"}"), 1 << 30);
  ExpectContains(FetchMetrics(server.server->metrics_address()),
                 {"actbench_gpu_info{device=\"cuda:0\",driver=\"13.0\",isa=\"sm_90\",model=\"Fake 1000\",",
                  "# TYPE actbench_gpu_power_watts gauge"});
}

TEST_F(GpuServerTest, WhenItIsLostTheCpuGoesOn) {
  FakeGpu gpu;
  TestServer server(OptionsFor(gpu));
  gpu.device().FailFrom("Wait", 1, absl::UnavailableError("cudaErrorIllegalAddress"));
  for (int time = 0; time < 2; ++time) {
    const v1::EvaluateResult result = server.EvaluateOne(Relu("cuda:0"));
    EXPECT_EQ(result.status().code(), static_cast<int>(grpc::UNAVAILABLE));
    EXPECT_EQ(result.status().message(), "device cuda:0 is lost: cudaErrorIllegalAddress");
  }
  EXPECT_EQ(server.EvaluateOne(Relu("cpu")).status().code(), 0);
  EXPECT_EQ(server.Metric("actbench_gpu_lost{device=\"cuda:0\"}"), 1);
  const v1::GetServerInfoResponse info = InfoOf(server);
  ASSERT_EQ(info.warnings_size(), 1);
  ExpectContains(info.warnings(0), {"cuda:0 is lost"});
  const absl::Time deadline = absl::Now() + kPatience;
  while (*IsServing(server, "cuda:0") && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(*IsServing(server, "cuda:0"), false);
  EXPECT_EQ(*IsServing(server, ""), true);
}

TEST_F(GpuServerTest, WithoutABudgetItSaysWhatItTakes) {
  const FakeGpu gpu(GpuLimits{.memory_bytes = 1000});
  TestServer server(OptionsFor(gpu));
  const v1::EvaluateResult result = server.EvaluateOne(Relu("cuda:0"));
  EXPECT_EQ(result.status().code(), static_cast<int>(grpc::RESOURCE_EXHAUSTED));
  ExpectContains(result.status().message(), {"1000 bytes", "--gpu_memory_bytes", "4194304"});
}

// The kernels of a device are measured as others are.
TEST_F(GpuServerTest, IsMeasuredToo) {
  const FakeGpu gpu;
  TestServer server(OptionsFor(gpu));
  v1::EvaluateItem item = Relu("cuda:0");
  item.set_measure_error(true);
  const v1::EvaluateResult result = server.EvaluateOne(item);
  EXPECT_EQ(result.error().checked(), 1000);
  EXPECT_EQ(result.error().max_ulp(), 0);
}

}  // namespace
}  // namespace actbench
