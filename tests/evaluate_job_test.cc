// SPDX-License-Identifier: Apache-2.0
// Evaluate jobs on the scheduler without gRPC between, so that the thread sanitizer sees every access and every lock:
// many requests at a time, each in many chunks that several workers run.
#include "server/evaluate_job.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels/catalog.h"
#include "proto/dtype.h"
#include "server/metrics.h"
#include "server/scheduler.h"

namespace actbench {
namespace {

// A request with the objects that it needs while it runs.
struct Call {
  v1::EvaluateRequest request;
  v1::EvaluateResponse response;
  absl::Status status = absl::UnknownError("not done");
  std::unique_ptr<EvaluateJob> job;
};

class EvaluateJobTest : public testing::Test {
 protected:
  static v1::EvaluateItem Relu(size_t elements, float value) {
    const std::vector<float> x(elements, value);
    v1::EvaluateItem item;
    item.set_activation("relu");
    item.set_direction(v1::DIRECTION_FORWARD);
    v1::Tensor& input = *item.add_inputs();
    input.set_dtype(v1::DTYPE_F32);
    input.add_shape(static_cast<int64_t>(elements));
    input.set_data(x.data(), elements * sizeof(float));
    return item;
  }
  static void ExpectAll(const v1::EvaluateResult& result, float value) {
    ASSERT_EQ(result.status().code(), 0) << result.status().message();
    const std::string& data = result.outputs(0).data();
    for (size_t at = 0; at < data.size(); at += sizeof(float)) {
      float element;
      std::memcpy(&element, data.data() + at, sizeof(element));
      ASSERT_EQ(element, value) << "at byte " << at;
    }
  }

  // Runs all calls at a time.
  void Run(std::vector<Call>& calls) {
    for (Call& call : calls) {
      call.job = std::make_unique<EvaluateJob>(call.request, call.response, Catalog::Default(), Limits(), metrics_,
                                               absl::InfiniteFuture(),
                                               [&](const absl::Status& status) { call.status = status; });
      call.job->AllocateOutputs();
      ASSERT_TRUE(scheduler_.Submit(*call.job).ok());
    }
    scheduler_.Drain(absl::InfiniteFuture());
  }

  Metrics metrics_;
  Scheduler scheduler_{4, 64, metrics_};
};

TEST_F(EvaluateJobTest, ManyRequestsInManyChunksGetTheirOwnResults) {
  constexpr size_t kElements = 300'000;
  std::vector<Call> calls(8);
  for (size_t i = 0; i < calls.size(); ++i) {
    *calls[i].request.add_items() = Relu(kElements, static_cast<float>(i));
    *calls[i].request.add_items() = Relu(5, -1);
  }
  Run(calls);
  for (size_t i = 0; i < calls.size(); ++i) {
    ASSERT_TRUE(calls[i].status.ok()) << calls[i].status;
    ExpectAll(calls[i].response.results(0), static_cast<float>(i));
    ExpectAll(calls[i].response.results(1), 0);
  }
}

TEST_F(EvaluateJobTest, ChangedDtypesAndMeasuredErrorsAreGatheredFromAllChunks) {
  std::vector<Call> calls(2);
  for (Call& call : calls) {
    v1::EvaluateItem& item = *call.request.add_items();
    item = Relu(100'000, 3);
    item.set_output_dtype(v1::DTYPE_BF16);
    item.set_measure_error(true);
  }
  Run(calls);
  for (const Call& call : calls) {
    const v1::EvaluateResult& result = call.response.results(0);
    ASSERT_EQ(result.status().code(), 0) << result.status().message();
    EXPECT_EQ(result.outputs(0).data().size(), 200'000u);
    EXPECT_EQ(result.error().checked(), 100'000);
    EXPECT_EQ(result.error().max_ulp(), 0);
  }
}

// How a request for relu is cut.
struct Cut {
  size_t chunks;
  bool brief;
};

Cut CutOf(v1::Dtype dtype, const std::vector<size_t>& items, bool measure_error) {
  v1::EvaluateRequest request;
  for (const size_t elements : items) {
    v1::EvaluateItem& item = *request.add_items();
    item.set_activation("relu");
    item.set_direction(v1::DIRECTION_FORWARD);
    item.set_measure_error(measure_error);
    v1::Tensor& input = *item.add_inputs();
    input.set_dtype(dtype);
    input.add_shape(static_cast<int64_t>(elements));
    input.mutable_data()->resize(elements * SizeBytes(*FromProto(dtype)));
  }
  v1::EvaluateResponse response;
  Metrics metrics;
  const EvaluateJob job(request, response, Catalog::Default(), Limits(), metrics, absl::InfiniteFuture(), nullptr);
  return {job.chunk_count(), job.is_brief()};
}

size_t Chunks(v1::Dtype dtype, const std::vector<size_t>& items, bool measure_error) {
  return CutOf(dtype, items, measure_error).chunks;
}

// A chunk is to take less than 1 ms: 16,384 elements at up to 50 ns, 1,024 definitions at up to 0.8 us, 8 of f64 at up
// to 100 us.
TEST(ChunkTest, HoldsAsMuchAsMayTakeAMillisecond) {
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {16'384}, false), 1u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {16'385}, false), 2u);
  EXPECT_EQ(Chunks(v1::DTYPE_BF16, {1024}, true), 1u);
  EXPECT_EQ(Chunks(v1::DTYPE_BF16, {1025}, true), 2u);
  EXPECT_EQ(Chunks(v1::DTYPE_F64, {8 * 10}, true), 10u);
  EXPECT_EQ(Chunks(v1::DTYPE_F64, {8 * 10 + 1}, true), 11u);
}

// Within a tensor a chunk ends where a page does, which is up to 1,024 elements of f32 and 2,048 of 16 bits before it
// is full; no page ends among the 320 elements for which there is room beside 16,000.
TEST(ChunkTest, EndsWithinATensorWithAPage) {
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {10'000, 6'320}, false), 1u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {16'000, 16'384}, false), 2u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {16'000, 30'000}, false), 3u);
  for (const v1::Dtype dtype : {v1::DTYPE_F32, v1::DTYPE_BF16}) {
    EXPECT_EQ(Chunks(dtype, {10'000, 6'320 + 16'384 - 2'048}, false), 2u);
    EXPECT_EQ(Chunks(dtype, {10'000, 6'320 + 16'385}, false), 3u);
  }
}

TEST(ChunkTest, HoldsManySmallItems) {
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {}, false), 0u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {0}, true), 1u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, std::vector<size_t>(128, 64), false), 1u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, std::vector<size_t>(129, 64), false), 2u);
  EXPECT_EQ(Chunks(v1::DTYPE_F32, {10'000, 10'000}, false), 2u);
}

// At most 0.1 ms, reckoned as above.
TEST(ChunkTest, IsBriefWhereItIsSmall) {
  EXPECT_TRUE(CutOf(v1::DTYPE_F32, {1992}, false).brief);
  EXPECT_FALSE(CutOf(v1::DTYPE_F32, {1993}, false).brief);
  EXPECT_FALSE(CutOf(v1::DTYPE_F64, {1}, true).brief);
  EXPECT_FALSE(CutOf(v1::DTYPE_F32, {20'000}, false).brief);
  EXPECT_FALSE(CutOf(v1::DTYPE_F32, {}, false).brief);
}

}  // namespace
}  // namespace actbench
