// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/catalog.h"

namespace actbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;
using ::testing::StartsWith;

// ABI version 1 is this, whatever compiler built the plug-in.
static_assert(ACTBENCH_PLUGIN_ABI_VERSION == 1);
#ifdef __LP64__
static_assert(sizeof(ActbenchQuantization) == 16 && offsetof(ActbenchQuantization, zero_point) == 8);
static_assert(offsetof(ActbenchKernelFunctions, prepare) == 0 && offsetof(ActbenchKernelFunctions, run) == 8 &&
              offsetof(ActbenchKernelFunctions, release) == 16 && sizeof(ActbenchKernelFunctions) == 24);
static_assert(offsetof(ActbenchKernel, activation) == 0 && offsetof(ActbenchKernel, parameters) == 8 &&
              offsetof(ActbenchKernel, direction) == 16 && offsetof(ActbenchKernel, dtype) == 24 &&
              offsetof(ActbenchKernel, tier) == 32 && offsetof(ActbenchKernel, isa) == 40 &&
              offsetof(ActbenchKernel, functions) == 48 && sizeof(ActbenchKernel) == 72);
static_assert(offsetof(ActbenchPlugin, abi_version) == 0 && offsetof(ActbenchPlugin, name) == 8 &&
              offsetof(ActbenchPlugin, version) == 16 && offsetof(ActbenchPlugin, kernels) == 24 &&
              offsetof(ActbenchPlugin, kernel_count) == 32 && sizeof(ActbenchPlugin) == 40);
#endif

constexpr KernelFunctions kFunctions = {
    [](const double*, const Quantization*) -> void* { return nullptr; },
    [](const void*, const void* const*, void* const*, size_t) {},
    [](void*) {},
};

// Of an architecture that is not this one's.
#if defined(__x86_64__)
constexpr char kForeignIsa[] = "neon";
#else
constexpr char kForeignIsa[] = "avx2";
#endif

class PluginTableTest : public testing::Test {
 protected:
  absl::StatusOr<PluginTable> Read(std::string_view provider = "") {
    table_.kernels = kernels_.data();
    table_.kernel_count = kernels_.size();
    return ReadTable(table_, provider);
  }
  std::string Error(std::string_view provider = "") {
    const auto read = Read(provider);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << read.status();
    return std::string(read.status().message());
  }

  std::vector<ActbenchKernel> kernels_ = {
      {"relu", "", "forward", "f32", "native", "scalar", kFunctions},
      {"elu", "alpha", "gradient", "bf16", "exact", "scalar", kFunctions},
  };
  ActbenchPlugin table_ = {ACTBENCH_PLUGIN_ABI_VERSION, "a_plug-in.1", "2.0 (final)", nullptr, 0};
};

TEST_F(PluginTableTest, ItsKernelsAreThoseOfACatalog) {
  const auto read = Read();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->provider, "a_plug-in.1");
  EXPECT_EQ(read->version, "2.0 (final)");
  EXPECT_THAT(read->warnings, IsEmpty());
  ASSERT_EQ(read->kernels.size(), 2u);
  EXPECT_EQ(read->kernels[0].Name(), "relu/forward/f32/a_plug-in.1/native/scalar");
  EXPECT_EQ(read->kernels[1].Name(), "elu/gradient/bf16/a_plug-in.1/exact/scalar");
  EXPECT_EQ(read->kernels[1].device, "cpu");
  EXPECT_EQ(read->kernels[1].functions.run, kFunctions.run);
}

TEST_F(PluginTableTest, AnotherNameTakesThePlaceOfItsOwn) {
  const auto read = Read("base");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->provider, "base");
  EXPECT_EQ(read->kernels[0].Name(), "relu/forward/f32/base/native/scalar");
}

TEST_F(PluginTableTest, NamesThatNoProviderMayHaveAreRefused) {
  for (const std::string& name : {std::string(), std::string("all"), std::string("Base"), std::string("9lives"),
                                  std::string("a/b"), std::string("a b"), std::string("a,b"), std::string("a=b"),
                                  std::string("a\n"), std::string("_a"), std::string("h\xc3\xa9")}) {
    table_.name = name.c_str();
    EXPECT_THAT(Error(), AllOf(StartsWith("its name is \""), HasSubstr("; it must be a lower-case letter"))) << name;
  }
  const std::string longest(64, 'a');
  table_.name = longest.c_str();
  EXPECT_TRUE(Read().ok());
  const std::string too_long(65, 'a');
  table_.name = too_long.c_str();
  EXPECT_THAT(Error(), AllOf(HasSubstr("its name is \"aaaa"), HasSubstr("at most 64 characters")));
  table_.name = nullptr;
  EXPECT_EQ(Error(), "its name is null; it must be a string");
  EXPECT_EQ(Error("good"), "its name is null; it must be a string");
}

TEST_F(PluginTableTest, VersionsThatCannotBeShownAreRefused) {
  table_.version = "";
  EXPECT_TRUE(Read().ok());
  table_.version = "1\x1b[31m";
  EXPECT_THAT(Error(), AllOf(HasSubstr("its version is \"1\\033"), HasSubstr("only printable ASCII")));
  const std::string too_long(129, '1');
  table_.version = too_long.c_str();
  EXPECT_THAT(Error(), AllOf(HasSubstr("its version is"), HasSubstr("at most 128")));
  table_.version = nullptr;
  EXPECT_THAT(Error(), HasSubstr("its version is null"));
}

TEST_F(PluginTableTest, ATableWithoutKernelsIsRefused) {
  EXPECT_THAT(std::string(ReadTable(table_, "").status().message()), HasSubstr("no kernels"));
  table_.kernels = kernels_.data();
  EXPECT_THAT(std::string(ReadTable(table_, "").status().message()), HasSubstr("no kernels"));
  table_.kernel_count = 1;
  EXPECT_TRUE(ReadTable(table_, "").ok());
}

TEST_F(PluginTableTest, KernelsThatAreNotKnownSoCanBeLeftOut) {
  std::vector<ActbenchKernel> kernels(3, kernels_[0]);
  kernels[1].activation = "rleu";
  kernels[2].parameters = "gamma";
  table_.kernels = kernels.data();
  table_.kernel_count = 3;
  EXPECT_FALSE(ReadTable(table_, "").ok());
  const absl::StatusOr<PluginTable> read = ReadTable(table_, "", StrangeKernels::kLeaveOut);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->kernels, SizeIs(1));
  ASSERT_THAT(read->warnings, SizeIs(1));
  EXPECT_THAT(read->warnings[0], StartsWith("2 of its 3 kernels are left out, the first because kernels[1].activation: "
                                            "unknown activation \"rleu\""));
}

// A string of a kernel that is not what it may be, and what the message says of it beside the place.
struct BadText {
  const char* ActbenchKernel::*member;
  const char* name;
  const char* given;
  std::vector<std::string> message;
};

TEST_F(PluginTableTest, StringsThatAreNotAsTheHeaderSaysAreRefused) {
  const ActbenchKernel good = kernels_[1];
  const BadText bad[] = {
      {&ActbenchKernel::activation, "activation", "sigmoidd", {"\"sigmoidd\"", "did you mean \"sigmoid\"?"}},
      {&ActbenchKernel::activation, "activation", "", {"\"\""}},
      {&ActbenchKernel::activation, "activation", "torch:ELU", {"give the id, \"elu\""}},
      {&ActbenchKernel::parameters, "parameters", "", {"\"\"", "for \"elu\" it must be \"alpha\""}},
      {&ActbenchKernel::parameters, "parameters", "beta", {"\"beta\"", "it must be \"alpha\""}},
      {&ActbenchKernel::parameters, "parameters", "alpha,beta", {"it must be \"alpha\""}},
      {&ActbenchKernel::direction, "direction", "backward", {"\"backward\"", "there are: forward, gradient"}},
      {&ActbenchKernel::dtype, "dtype", "fp16", {"\"fp16\"", "there are: f64, f32, f16, bf16"}},
      {&ActbenchKernel::tier, "tier", "", {"\"\"", "there are: native, fast, exact"}},
      {&ActbenchKernel::isa, "isa", "avx1024", {"\"avx1024\"", "there are: scalar, sse4, avx2, avx512, neon"}},
  };
  for (const BadText& text : bad) {
    kernels_[1] = good;
    kernels_[1].*text.member = text.given;
    const std::string error = Error();
    EXPECT_THAT(error, StartsWith(std::string("kernels[1].") + text.name)) << text.given;
    for (const std::string& part : text.message) EXPECT_THAT(error, HasSubstr(part));
    kernels_[1].*text.member = nullptr;
    EXPECT_EQ(Error(), std::string("kernels[1].") + text.name + " is null; it must be a string");
    const std::string endless(100'000, 'x');
    kernels_[1].*text.member = endless.c_str();
    EXPECT_THAT(Error(), AllOf(StartsWith(std::string("kernels[1].") + text.name), SizeIs(Lt(200u))));
  }
}

TEST_F(PluginTableTest, ParametersAreInTheOrderOfTheActivation) {
  kernels_[1].activation = "hard_sigmoid_affine";
  kernels_[1].parameters = "beta,alpha";
  EXPECT_THAT(Error(), HasSubstr("it must be \"alpha,beta\""));
  kernels_[1].parameters = "alpha,beta";
  EXPECT_TRUE(Read().ok());
}

TEST_F(PluginTableTest, NullFunctionsAreRefused) {
  kernels_[1].functions.prepare = nullptr;
  EXPECT_EQ(Error(), "kernels[1].functions.prepare is null");
  kernels_[1].functions = kFunctions;
  kernels_[1].functions.run = nullptr;
  EXPECT_EQ(Error(), "kernels[1].functions.run is null");
  kernels_[1].functions = kFunctions;
  kernels_[1].functions.release = nullptr;
  EXPECT_EQ(Error(), "kernels[1].functions.release is null");
}

TEST_F(PluginTableTest, ANameThatOccursTwiceIsRefused) {
  kernels_.push_back(kernels_[0]);
  EXPECT_EQ(Error(), "kernels[2] is relu/forward/f32/a_plug-in.1/native/scalar, which it has already");
  kernels_[2].tier = "fast";
  EXPECT_TRUE(Read().ok());
}

TEST_F(PluginTableTest, KernelsThatThisProcessorCannotRunAreLeftOutWithTheReason) {
  kernels_[0].isa = kForeignIsa;
  const auto read = Read();
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->kernels.size(), 1u);
  EXPECT_EQ(read->kernels[0].activation, "elu");
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_THAT(read->warnings[0], AllOf(HasSubstr(std::string("its kernels for ") + kForeignIsa + " (1 of 2)"),
                                       HasSubstr("has only scalar")));
  // Even these are checked.
  kernels_[0].dtype = "f33";
  EXPECT_THAT(Error(), HasSubstr("kernels[0].dtype"));
}

TEST_F(PluginTableTest, ATableOfWhichNothingRunsHereIsRefused) {
  for (ActbenchKernel& kernel : kernels_) kernel.isa = kForeignIsa;
  EXPECT_THAT(Error(), AllOf(HasSubstr("no kernel is left"), HasSubstr(kForeignIsa), HasSubstr("has only scalar")));
}

TEST_F(PluginTableTest, KernelsOfEveryInstructionSetOfThisProcessorAreKept) {
  EXPECT_EQ(IsasOfProcessor().front(), "scalar");
  for (const std::string& isa : Catalog::Default().isas()) {
    kernels_[0].isa = isa.c_str();
    const auto read = Read();
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->kernels[0].isa, isa);
    EXPECT_THAT(read->warnings, IsEmpty());
  }
}

}  // namespace
}  // namespace actbench
