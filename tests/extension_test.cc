// SPDX-License-Identifier: Apache-2.0
// A backend that exists only in this file appears everywhere: in the catalog, the API, evaluation and metrics.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/client.h"
#include "kernels/backend.h"
#include "kernels/catalog.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

// Kernels of another provider for relu in f32: every result is 42.
class ThrowAwayBackend final : public Backend {
 public:
  std::string Isa() const override { return "toy_isa"; }
  std::vector<Kernel> Kernels() const override {
    const KernelFunctions functions = {.prepare = [](const double*, const Quantization*) -> void* { return new char; },
                                       .run =
                                           [](const void*, const void* const*, void* const* outputs, size_t n) {
                                             for (size_t i = 0; i < n; ++i) static_cast<float*>(outputs[0])[i] = 42;
                                           },
                                       .release = [](void* state) { delete static_cast<char*>(state); }};
    return {{"relu", Direction::kForward, Dtype::kF32, "throw_away", "native", "cpu", "toy_isa", functions}};
  }
};

class ExtensionTest : public testing::Test {
 protected:
  ExtensionTest() {
    std::vector<std::unique_ptr<Backend>> backends = DefaultBackends();
    backends.push_back(std::make_unique<ThrowAwayBackend>());
    catalog_ = std::make_unique<Catalog>(backends);
    ServerOptions options;
    options.catalog = catalog_.get();
    server_ = StartServer(options);
    client_ = std::make_unique<Client>(Client::Connect(server_->address()));
  }

  static v1::EvaluateItem ReluOfOne() {
    const float one = 1;
    v1::EvaluateItem item;
    item.set_activation("relu");
    item.set_direction(v1::DIRECTION_FORWARD);
    v1::Tensor& input = *item.add_inputs();
    input.set_dtype(v1::DTYPE_F32);
    input.set_data(&one, sizeof(one));
    return item;
  }
  static float FirstOf(const v1::EvaluateResult& result) {
    float value;
    std::memcpy(&value, result.outputs(0).data().data(), sizeof(value));
    return value;
  }

  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ExtensionTest, TheNewKernelIsListed) {
  v1::ListKernelsRequest request;
  request.mutable_selector()->set_provider("throw_away");
  const auto response = client_->ListKernels(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->kernels_size(), 1);
  EXPECT_EQ(response->kernels(0).name(), "relu/forward/f32/throw_away/native/toy_isa");
}

TEST_F(ExtensionTest, TheNewKernelRunsWhenSelectedAndCountsInMetrics) {
  v1::EvaluateItem item = ReluOfOne();
  item.mutable_selector()->set_provider("throw_away");
  const auto result = client_->Evaluate(item);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(FirstOf(*result), 42);
  EXPECT_EQ(result->kernel().tier(), "native");
  EXPECT_EQ(MetricValue(FetchMetrics(server_->metrics_address()),
                        "actbench_kernel_elements_total{activation=\"relu\",device=\"cpu\",direction=\"forward\","
                        "dtype=\"f32\",isa=\"toy_isa\",provider=\"throw_away\",tier=\"native\"}"),
            1);
}

TEST_F(ExtensionTest, ItsIsaAloneSelectsIt) {
  v1::EvaluateItem item = ReluOfOne();
  item.mutable_selector()->set_isa("toy_isa");
  const auto result = client_->Evaluate(item);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(FirstOf(*result), 42);
}

TEST_F(ExtensionTest, WhoDoesNotAskForItDoesNotGetIt) {
  const auto result = client_->Evaluate(ReluOfOne());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(FirstOf(*result), 1);
  EXPECT_EQ(result->kernel().provider(), "actbench");
}

}  // namespace
}  // namespace actbench
