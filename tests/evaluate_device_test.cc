// SPDX-License-Identifier: Apache-2.0
// Evaluate jobs on a device that is none.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "server/evaluate_job.h"
#include "server/scheduler.h"
#include "tests/fake_gpu.h"

namespace actbench {
namespace {

class EvaluateDeviceTest : public testing::Test {
 protected:
  static v1::EvaluateItem Relu(size_t elements, float first, bool gradient = false) {
    std::vector<float> x(elements);
    for (size_t i = 0; i < elements; ++i) x[i] = i % 2 == 0 ? first + static_cast<float>(i) : -1;
    v1::EvaluateItem item;
    item.set_id("some id");
    item.set_activation("relu");
    item.set_direction(gradient ? v1::DIRECTION_GRADIENT : v1::DIRECTION_FORWARD);
    item.mutable_selector()->set_device("cuda:0");
    for (int i = 0; i < (gradient ? 2 : 1); ++i) {
      v1::Tensor& input = *item.add_inputs();
      input.set_dtype(v1::DTYPE_F32);
      input.add_shape(static_cast<int64_t>(elements));
      input.set_data(x.data(), elements * sizeof(float));
    }
    return item;
  }
  static void ExpectRelu(const v1::EvaluateResult& result, size_t elements, float first) {
    ASSERT_EQ(result.status().code(), 0) << result.status().message();
    EXPECT_EQ(result.id(), "some id");
    EXPECT_EQ(result.kernel().device(), "cuda:0");
    ASSERT_EQ(result.outputs(0).data().size(), elements * sizeof(float));
    const auto* const y = reinterpret_cast<const float*>(result.outputs(0).data().data());
    for (size_t i = 0; i < elements; ++i) {
      ASSERT_EQ(y[i], i % 2 == 0 ? first + static_cast<float>(i) : 0) << "at " << i;
    }
  }

  void Run() {
    job_.emplace(request_, response_, gpu_.catalog(), Limits(), metrics_, absl::InfiniteFuture(),
                 [&](const absl::Status& status) { status_ = status; });
    job_->AllocateOutputs();
    ASSERT_TRUE(scheduler_.Submit(*job_).ok());
    scheduler_.Drain(absl::InfiniteFuture());
    ASSERT_TRUE(status_.ok()) << status_;
  }

  FakeGpu gpu_;
  Metrics metrics_;
  Scheduler scheduler_{4, 64, metrics_};
  v1::EvaluateRequest request_;
  v1::EvaluateResponse response_;
  absl::Status status_;
  std::optional<EvaluateJob> job_;
};

TEST_F(EvaluateDeviceTest, ALargeItemIsSharedByWorkers) {
  constexpr size_t kElements = 5'000'000;
  *request_.add_items() = Relu(kElements, 1);
  Run();
  ExpectRelu(response_.results(0), kElements, 1);
  EXPECT_GT(job_->chunk_count(), 3u);
  const v1::PhaseTimes& times = response_.results(0).times();
  EXPECT_GT(times.to_device_ns(), 0);
  EXPECT_GT(times.compute_ns(), 0);
  EXPECT_GT(times.from_device_ns(), 0);
  EXPECT_GT(times.copy_ns(), 0);
}

TEST_F(EvaluateDeviceTest, SmallItemsShareALaunch) {
  for (int i = 0; i < 20; ++i) *request_.add_items() = Relu(static_cast<size_t>(i), static_cast<float>(i));
  Run();
  for (int i = 0; i < 20; ++i) {
    ExpectRelu(response_.results(i), static_cast<size_t>(i), static_cast<float>(i));
  }
  EXPECT_EQ(gpu_.device().calls["Run"], 1);
}

TEST_F(EvaluateDeviceTest, DifferentKernelsDoNot) {
  *request_.add_items() = Relu(10, 1);
  *request_.add_items() = Relu(10, 2, /*gradient=*/true);
  *request_.add_items() = Relu(10, 3);
  request_.mutable_items(2)->mutable_selector()->set_device("cpu");
  Run();
  EXPECT_EQ(gpu_.device().calls["Run"], 2);
  ExpectRelu(response_.results(0), 10, 1);
  ExpectRelu(response_.results(1), 10, 2);
  EXPECT_EQ(response_.results(2).kernel().device(), "cpu");
}

TEST_F(EvaluateDeviceTest, MeasuresErrorsAndChangesDtypes) {
  v1::EvaluateItem& item = *request_.add_items();
  item = Relu(3000, 1);
  item.set_measure_error(true);
  item.set_output_dtype(v1::DTYPE_F64);
  Run();
  const v1::EvaluateResult& result = response_.results(0);
  ASSERT_EQ(result.status().code(), 0) << result.status().message();
  EXPECT_EQ(result.error().checked(), 3000);
  EXPECT_EQ(result.error().max_ulp(), 0);
  const auto* const y = reinterpret_cast<const double*>(result.outputs(0).data().data());
  EXPECT_EQ(y[2998], 2999);
  EXPECT_EQ(y[2999], 0);
}

// What this copies is not there; with -fsanitize=undefined that is an error.
TEST_F(EvaluateDeviceTest, MeasuresTheErrorOfNoElements) {
  for (const bool converts : {false, true}) {
    v1::EvaluateItem& item = *request_.add_items();
    item = Relu(0, 1);
    item.set_measure_error(true);
    if (converts) item.set_output_dtype(v1::DTYPE_F64);
  }
  Run();
  for (const v1::EvaluateResult& result : response_.results()) {
    EXPECT_EQ(result.status().code(), 0) << result.status().message();
    EXPECT_EQ(result.error().checked(), 0);
    EXPECT_TRUE(result.outputs(0).data().empty());
  }
}

TEST_F(EvaluateDeviceTest, WhatADeviceSaysIsTheStatusOfItsItems) {
  gpu_.device().FailFrom("Wait", 1, absl::UnavailableError("cudaErrorIllegalAddress"));
  *request_.add_items() = Relu(10, 1);
  *request_.add_items() = Relu(10, 2);
  request_.mutable_items(1)->mutable_selector()->set_device("cpu");
  request_.mutable_items(0)->set_output_dtype(v1::DTYPE_F64);
  Run();
  const v1::EvaluateResult& lost = response_.results(0);
  EXPECT_EQ(lost.status().code(), static_cast<int>(absl::StatusCode::kUnavailable));
  EXPECT_EQ(lost.status().message(), "device cuda:0 is lost: cudaErrorIllegalAddress");
  EXPECT_EQ(lost.id(), "some id");
  EXPECT_EQ(lost.outputs_size(), 0);
  EXPECT_EQ(response_.results(1).status().code(), 0);  // the CPU goes on
  EXPECT_FALSE(gpu_.catalog().gpus()[0]->health().ok());
}

TEST_F(EvaluateDeviceTest, WhatIsLeftOfAFailedItemIsNotDone) {
  gpu_.device().FailFrom("Run", 1, absl::InternalError("so"));
  *request_.add_items() = Relu(100'000, 1);
  request_.mutable_items(0)->set_measure_error(true);  // so that there are many chunks
  Run();
  EXPECT_EQ(response_.results(0).status().message(), "so");
  EXPECT_GT(job_->chunk_count(), 30u);
  EXPECT_LE(gpu_.device().calls["Run"], 4) << "one of each worker, at most";
}

TEST_F(EvaluateDeviceTest, IsNotDoneByTheCallersThread) {
  *request_.add_items() = Relu(1, 1);
  Run();
  EXPECT_FALSE(job_->is_brief());
}

}  // namespace
}  // namespace actbench
