// SPDX-License-Identifier: Apache-2.0
#include "kernels/plugin_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cfenv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "kernels/float_environment.h"

namespace actbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kName[] = "relu/forward/f32/test/native/scalar";

void* Prepare(const double*, const Quantization*) {
  static char state;
  return &state;
}
void Release(void*) {}
void Copy(const void*, const void* const* inputs, void* const* outputs, size_t n) {
  std::memcpy(outputs[0], inputs[0], n * sizeof(float));
}

Kernel KernelThat(decltype(KernelFunctions::run) run) {
  return {"relu", Direction::kForward, Dtype::kF32, "test", "native", "cpu", "scalar", {&Prepare, run, &Release}};
}

// What is wrong with a plug-in of `kernels`.
std::string Trial(const std::vector<Kernel>& kernels) {
  const absl::Status status =
      TryInChild([&]() -> absl::StatusOr<std::vector<Kernel>> { return kernels; }, /*patience_seconds=*/2);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}
std::string Trial(decltype(KernelFunctions::run) run) { return Trial({KernelThat(&Copy), KernelThat(run)}); }

TEST(PluginTrialTest, EveryKernelOfTheCatalogPasses) {
  const absl::Span<const Kernel> kernels = Catalog::Default().kernels();
  EXPECT_TRUE(TryInChild([&]() -> absl::StatusOr<std::vector<Kernel>> {
                return std::vector<Kernel>(kernels.begin(), kernels.end());
              }).ok());
}

TEST(PluginTrialTest, ACrashIsAnErrorThatNamesTheKernelAndTheSignal) {
  const std::string error = Trial([](const void*, const void* const*, void* const*, size_t n) {
    if (n > 0) raise(SIGSEGV);
  });
  EXPECT_THAT(error, AllOf(StartsWith(std::string("running ") + kName), HasSubstr("signal 11 (Segmentation fault)")));
}

TEST(PluginTrialTest, AnIllegalInstructionIsSaidToBeAMatterOfTheProcessor) {
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const*, size_t) { raise(SIGILL); }),
              AllOf(HasSubstr(kName), HasSubstr("Illegal instruction"), HasSubstr("that this processor lacks")));
}

TEST(PluginTrialTest, AnEndOfTheProcessIsAnError) {
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const*, size_t) { _exit(7); }),
              AllOf(HasSubstr(kName), HasSubstr("ends the process, with status 7")));
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const*, size_t) { std::abort(); }),
              HasSubstr("signal 6 (Aborted)"));
}

TEST(PluginTrialTest, WhatTakesForeverIsAnError) {
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const*, size_t) { pause(); }),
              AllOf(HasSubstr(kName), HasSubstr("takes more than 2 s")));
}

TEST(PluginTrialTest, AWriteOutsideOfTheOutputIsAnError) {
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const* outputs, size_t n) {
                std::memset(outputs[0], 0, n * sizeof(float) + 1);
              }),
              HasSubstr("writes outside of its output when it computes 0 elements"));
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const* outputs, size_t n) {
                std::memset(outputs[0], 0, (n + 3) / 4 * 4 * sizeof(float));
              }),
              HasSubstr("writes outside of its output when it computes 19 elements"));
  EXPECT_THAT(Trial([](const void*, const void* const*, void* const* outputs, size_t n) {
                if (n > 0) static_cast<char*>(outputs[0])[-1] = 0;
              }),
              HasSubstr("outside of its output"));
  EXPECT_THAT(Trial([](const void*, const void* const* inputs, void* const*, size_t n) {
                std::memset(const_cast<void*>(inputs[0]), 0, n);
              }),
              HasSubstr("writes to its input"));
}

TEST(PluginTrialTest, AnotherFloatingPointEnvironmentIsAnError) {
  EXPECT_THAT(
      Trial([](const void*, const void* const*, void* const*, size_t) { std::fesetround(FE_UPWARD); }),
      AllOf(StartsWith(std::string(kName) + " leaves another floating-point environment"), HasSubstr("instead of")));
  // Flags that results have set are none.
  EXPECT_EQ(Trial([](const void*, const void* const*, void* const*, size_t) { std::feraiseexcept(FE_ALL_EXCEPT); }),
            "");
}

TEST(PluginTrialTest, TheEnvironmentIsPutBack) {
  const FloatEnvironment before;
  EXPECT_EQ(before.Restore(), "");
  std::fesetround(FE_TOWARDZERO);
  EXPECT_THAT(before.Restore(), HasSubstr(" instead of "));
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
  EXPECT_EQ(before.Restore(), "");
}

TEST(PluginTrialTest, ACrashWhileLoadingIsAnError) {
  const absl::Status status = TryInChild([]() -> absl::StatusOr<std::vector<Kernel>> {
    raise(SIGBUS);
    return std::vector<Kernel>();
  });
  EXPECT_THAT(std::string(status.message()), StartsWith("loading it ends the process, by signal 7"));
}

TEST(PluginTrialTest, AnErrorOfLoadingIsReturned) {
  const absl::Status error = absl::NotFoundError("no such thing");
  EXPECT_EQ(TryInChild([&]() -> absl::StatusOr<std::vector<Kernel>> { return error; }), error);
}

TEST(PluginTrialTest, NothingThatItDoesIsSeenHere) {
  static int calls = 0;
  testing::internal::CaptureStdout();
  EXPECT_EQ(Trial([](const void*, const void* const*, void* const*, size_t) {
              ++calls;
              std::printf("hello\n");
              std::fflush(stdout);
            }),
            "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(calls, 0);
}

TEST(PluginTrialTest, AKernelThatDoesNotTakeTheDefaultParametersIsNotRun) {
  Kernel kernel = KernelThat([](const void*, const void* const*, void* const*, size_t) { std::abort(); });
  kernel.functions.prepare = [](const double*, const Quantization*) -> void* { return nullptr; };
  EXPECT_EQ(Trial({kernel}), "");
}

}  // namespace
}  // namespace actbench
