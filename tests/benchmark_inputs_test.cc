// SPDX-License-Identifier: Apache-2.0
#include "client/benchmark_inputs.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/in_process.h"

namespace actbench::client {
namespace {

v1::Kernel MakeKernel(const std::string& activation, const std::string& isa) {
  v1::Kernel kernel;
  kernel.set_activation(activation);
  kernel.set_direction(v1::DIRECTION_FORWARD);
  kernel.set_dtype(v1::DTYPE_F32);
  kernel.set_provider("actbench");
  kernel.set_tier("fast");
  kernel.set_isa(isa);
  kernel.set_device("cpu");
  return kernel;
}

class BenchmarkInputsTest : public testing::Test {
 protected:
  absl::StatusOr<std::vector<v1::BenchmarkCase>> Make(const std::vector<v1::Kernel>& kernels,
                                                      const BenchmarkInputFlags& flags) {
    return MakeCases(client_, kernels, {{"beta", 1.5}}, flags);
  }

  Client client_{*StartInProcessServer({})};
};

TEST_F(BenchmarkInputsTest, EveryCombinationIsACaseAndAlternativesAreTogether) {
  BenchmarkInputFlags flags;
  flags.size = "10,20";
  flags.cache = "hot,cold";
  flags.threads = "2";
  flags.seed = 7;
  flags.in_place = true;
  const auto cases = Make({MakeKernel("silu", "avx2"), MakeKernel("tanh", "avx2"), MakeKernel("silu", "sse4")}, flags);
  ASSERT_TRUE(cases.ok()) << cases.status();
  std::vector<std::string> texts;
  for (const v1::BenchmarkCase& one : *cases) {
    texts.push_back(one.activation() + " " + one.selector().isa() + " " + std::to_string(one.elements()) + " " +
                    one.cache());
    EXPECT_EQ(one.parameters().at("beta"), 1.5);
    EXPECT_EQ(one.threads(), 2);
    EXPECT_EQ(one.seed(), 7u);
    EXPECT_TRUE(one.in_place());
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"silu avx2 10 hot", "silu sse4 10 hot", "silu avx2 10 cold",
                                             "silu sse4 10 cold", "silu avx2 20 hot", "silu sse4 20 hot",
                                             "silu avx2 20 cold", "silu sse4 20 cold", "tanh avx2 10 hot",
                                             "tanh avx2 10 cold", "tanh avx2 20 hot", "tanh avx2 20 cold"}));
}

TEST_F(BenchmarkInputsTest, WhatIsNotListedIsTheServersUsual) {
  const auto cases = Make({MakeKernel("silu", "avx2")}, {});
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_EQ(cases->front().size_case(), v1::BenchmarkCase::SIZE_NOT_SET);
  EXPECT_EQ(cases->front().cache(), "");
  EXPECT_EQ(cases->front().threads(), 0);
  EXPECT_EQ(cases->front().launch(), "");
}

TEST_F(BenchmarkInputsTest, EachKindOfLaunchIsACase) {
  BenchmarkInputFlags flags;
  flags.launch = "none,alone,graph";
  const auto cases = Make({MakeKernel("silu", "avx2")}, flags);
  ASSERT_TRUE(cases.ok()) << cases.status();
  std::vector<std::string> launches;
  for (const v1::BenchmarkCase& one : *cases) launches.push_back(one.launch());
  EXPECT_EQ(launches, (std::vector<std::string>{"none", "alone", "graph"}));
}

TEST_F(BenchmarkInputsTest, ListsThatAreNoneAreToldWithTheirFlag) {
  BenchmarkInputFlags flags;
  flags.size = "10,-3";
  EXPECT_EQ(Make({MakeKernel("silu", "avx2")}, flags).status().message(),
            "--size is \"10,-3\"; it must be whole numbers from 1, with commas between them");
  flags.size = "99999999999999999999";
  EXPECT_TRUE(absl::IsInvalidArgument(Make({MakeKernel("silu", "avx2")}, flags).status()));
  flags.size = "";
  flags.cache = "hot,,cold";
  EXPECT_TRUE(absl::IsInvalidArgument(Make({MakeKernel("silu", "avx2")}, flags).status()));
}

}  // namespace
}  // namespace actbench::client
