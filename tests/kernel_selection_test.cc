// SPDX-License-Identifier: Apache-2.0
#include "client/kernel_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/fake_gpu.h"
#include "tests/few_kernels.h"
#include "tests/server_fixture.h"

namespace actbench::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

KernelFlags Named(const std::vector<std::string>& names) {
  KernelFlags flags;
  flags.names = names;
  return flags;
}

KernelFlags With(KernelFlags flags, std::string KernelFlags::*member, const std::string& value) {
  flags.*member = value;
  return flags;
}

class KernelSelectionTest : public testing::Test {
 protected:
  KernelSelectionTest() : server_(StartServer()), client_(server_->InProcessChannel()) {
    const absl::StatusOr<v1::GetServerInfoResponse> info = client_.GetServerInfo();
    if (info.ok()) isas_ = {info->machine().isas().begin(), info->machine().isas().end()};
  }

  std::vector<std::string> Names(const KernelFlags& flags) {
    const absl::StatusOr<std::vector<v1::Kernel>> selection = SelectKernels(client_, flags);
    EXPECT_TRUE(selection.ok()) << selection.status();
    std::vector<std::string> names;
    if (!selection.ok()) return names;
    for (const v1::Kernel& kernel : *selection) names.push_back(kernel.name());
    return names;
  }
  std::string Error(const KernelFlags& flags) { return std::string(SelectKernels(client_, flags).status().message()); }

  std::unique_ptr<Server> server_;
  Client client_;
  std::vector<std::string> isas_;  // narrowest first
};

TEST_F(KernelSelectionTest, TheDefaultIsTheWidestFastForwardKernelInF32) {
  EXPECT_THAT(Names(Named({"tanh", "torch:SiLU"})), ElementsAre("tanh/forward/f32/actbench/fast/" + isas_.back(),
                                                                "silu/forward/f32/actbench/fast/" + isas_.back()));
}

TEST(KernelSelectionOfDevicesTest, TheCpuIsMeantUnlessAnotherIsNamed) {
  const FakeGpu gpu;
  ServerOptions options;
  options.catalog = &gpu.catalog();
  const std::unique_ptr<Server> server = StartServer(options);
  Client client(server->InProcessChannel());
  const auto devices = [&](const std::string& name, const std::string& flag) {
    const absl::StatusOr<std::vector<v1::Kernel>> selection =
        SelectKernels(client, With(Named({name}), &KernelFlags::device, flag));
    std::vector<std::string> found;
    if (!selection.ok()) return std::vector<std::string>{std::string(selection.status().message())};
    for (const v1::Kernel& kernel : *selection) found.push_back(kernel.device());
    return found;
  };
  EXPECT_THAT(devices("relu", ""), ElementsAre("cpu"));
  EXPECT_THAT(devices("relu", "cuda:0"), ElementsAre("cuda:0"));
  EXPECT_THAT(devices("relu", "all"), UnorderedElementsAre("cpu", "cuda:0"));
  EXPECT_THAT(devices("relu/forward/f32/actbench/fast/sm_90", ""), ElementsAre("cuda:0"));
  EXPECT_THAT(devices("relu/forward/f32/actbench/fast/scalar", ""), ElementsAre("cpu"));
  EXPECT_THAT(devices("silu", "cuda:0"), ElementsAre(HasSubstr("device cuda:0; there is one with device cpu")));
  EXPECT_THAT(devices("silu", "cuda:7"), ElementsAre(HasSubstr("\"cuda:7\"; there are: cpu, cuda:0")));
}

TEST_F(KernelSelectionTest, ListsAndAllMultiply) {
  KernelFlags flags = Named({"tanh"});
  flags.direction = "all";
  flags.dtype = "f16, bf16";
  flags.isa = "scalar," + isas_.back();
  const std::vector<std::string> names = Names(flags);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), isas_.size() > 1 ? 8U : 4U);
  EXPECT_EQ(Names(With(Named({"tanh"}), &KernelFlags::isa, "all")).size(), isas_.size());
}

TEST_F(KernelSelectionTest, AllActivationsAreThoseOfTheServer) {
  ACTBENCH_NEEDS_ALL_KERNELS();
  KernelFlags flags;
  flags.all = true;
  EXPECT_EQ(Names(flags).size(), AllActivations().size());
}

TEST_F(KernelSelectionTest, AKernelsNameIsThatKernelWhateverTheFlags) {
  EXPECT_THAT(Names(With(Named({"tanh/gradient/bf16/actbench/fast/scalar"}), &KernelFlags::dtype, "f64")),
              ElementsAre("tanh/gradient/bf16/actbench/fast/scalar"));
}

TEST_F(KernelSelectionTest, WhatIsGivenDoesNotContradictTheNameOfAKernel) {
  const std::string name = "tanh/gradient/bf16/actbench/fast/scalar";
  KernelFlags flags = With(Named({name}), &KernelFlags::dtype, "f64");
  flags.given = {"dtype"};
  EXPECT_THAT(Error(flags), HasSubstr("--dtype is f64, but " + name + " is a kernel of dtype bf16"));
  for (const char* const list : {"bf16", "f32,bf16", "all"}) {
    EXPECT_THAT(Names(With(flags, &KernelFlags::dtype, list)), ElementsAre(name)) << list;
  }
  // It is for the activation that is named too.
  flags.names = {name, "tanh"};
  EXPECT_THAT(Names(flags), ElementsAre(name, "tanh/forward/f64/actbench/fast/" + isas_.back()));
}

TEST(KernelFlagsTest, TheListsThatAreGivenAreKnown) {
  KernelFlags flags;
  CLI::App app;
  AddKernelFlags(app, flags);
  app.parse("silu --dtype f16,bf16 --isa all");
  EXPECT_THAT(flags.given, UnorderedElementsAre("dtype", "isa"));
  EXPECT_TRUE(NamesDtype(flags));
  EXPECT_FALSE(NamesDtype(Named({"silu", "tanh/forward/f32/actbench/fast/scalar"})));
  EXPECT_TRUE(NamesDtype(Named({"tanh/forward/f32/actbench/fast/scalar"})));
}

TEST_F(KernelSelectionTest, ATierThatIsNotGivenIsFastWhereThereIsOne) {
  EXPECT_THAT(Names(With(Named({"tanh"}), &KernelFlags::provider, "libm")),
              ElementsAre("tanh/forward/f32/libm/native/scalar"));
  EXPECT_THAT(Names(With(Named({"tanh"}), &KernelFlags::provider, "actbench,libm")),
              ElementsAre("tanh/forward/f32/actbench/fast/" + isas_.back(), "tanh/forward/f32/libm/native/scalar"));
  KernelFlags all = With(Named({"tanh"}), &KernelFlags::provider, "actbench,libm");
  all.tier = "all";
  EXPECT_THAT(Names(all), UnorderedElementsAre("tanh/forward/f32/actbench/fast/" + isas_.back(),
                                               "tanh/forward/f32/actbench/exact/" + isas_.back(),
                                               "tanh/forward/f32/libm/native/scalar"));
  EXPECT_THAT(Error(With(With(Named({"tanh"}), &KernelFlags::provider, "libm"), &KernelFlags::tier, "fast")),
              HasSubstr("there is one with provider actbench, or with tier native"));
}

TEST_F(KernelSelectionTest, WhatIsNamedTwiceIsThereOnce) {
  EXPECT_EQ(Names(Named({"silu", "torch:SiLU", "silu/forward/f32/actbench/fast/" + isas_.back()})).size(), 1U);
}

TEST_F(KernelSelectionTest, UnknownNamesAreTheServersErrors) {
  EXPECT_THAT(Error(Named({"sigmoit"})), HasSubstr("did you mean \"sigmoid\""));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::tier, "fastt")),
              HasSubstr("no kernel here has tier \"fastt\""));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::provider, "acme")),
              HasSubstr("no kernel here has provider \"acme\""));
  EXPECT_THAT(Error(Named({"tanh/forward/f32/actbench/fast/avx9000"})), HasSubstr("avx9000"));
}

TEST_F(KernelSelectionTest, EachNameOfAListIsLookedAt) {
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::isa, "scalar,bogus")),
              HasSubstr("no kernel here has isa \"bogus\"; there are: "));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::tier, "fast,bogus")), HasSubstr("tier \"bogus\""));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::provider, "actbench,bogus")), HasSubstr("provider \"bogus\""));
  EXPECT_THAT(Error(Named({"relu", "bogus"})), HasSubstr("unknown activation \"bogus\""));
  for (auto member :
       {&KernelFlags::direction, &KernelFlags::dtype, &KernelFlags::provider, &KernelFlags::tier, &KernelFlags::isa}) {
    EXPECT_THAT(Error(With(Named({"tanh"}), member, "all,all")), HasSubstr("or all alone"));
  }
}

TEST_F(KernelSelectionTest, AValueThatFitsNoKernelIsToldWithWhatThereIs) {
  KernelFlags flags = With(Named({"tanh"}), &KernelFlags::tier, "exact");
  flags.dtype = "f32,f64";
  EXPECT_EQ(
      Error(flags),
      "no kernel of tanh has direction forward, dtype f64, provider actbench, tier exact; there is one with dtype "
      "f32, f16, bf16, or with tier fast and the rest as it is");
  EXPECT_THAT(Error(With(flags, &KernelFlags::dtype, "f64")), HasSubstr("no kernel of tanh has"));
  EXPECT_EQ(Names(With(flags, &KernelFlags::dtype, "all")).size(), 3U) << "of all those that there are will do";
  flags.names.clear();
  flags.all = true;
  EXPECT_THAT(Error(flags), HasSubstr("no kernel has direction forward, dtype f64, "));
}

TEST_F(KernelSelectionTest, ACombinationThatFitsNoKernelIsTold) {
  KernelFlags flags = With(Named({"tanh"}), &KernelFlags::tier, "fast,exact");
  flags.dtype = "f32,f16";
  EXPECT_EQ(Names(flags).size(), 4U);
  flags.dtype = "f64,f32";  // each of them is that of a kernel, and so is each of the tiers
  EXPECT_EQ(
      Error(flags),
      "no kernel of tanh has direction forward, dtype f64, provider actbench, tier exact; there is one with dtype "
      "f32, f16, bf16, or with tier fast and the rest as it is");
}

TEST_F(KernelSelectionTest, MalformedNamesAndListsAreTold) {
  EXPECT_THAT(Error(Named({"tanh/forward"})), HasSubstr("ACTIVATION/DIRECTION/DTYPE/PROVIDER/TIER/ISA"));
  EXPECT_THAT(Error(Named({"tanh/sideways/f32/actbench/fast/scalar"})), HasSubstr("forward, gradient"));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::dtype, "f8")), HasSubstr("--dtype: \"f8\" is none of"));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::direction, "both")), HasSubstr("--direction: \"both\""));
  EXPECT_THAT(Error(With(Named({"tanh"}), &KernelFlags::isa, "scalar,")),
              HasSubstr("--isa \"scalar,\" has an empty part"));
}

}  // namespace
}  // namespace actbench::client
