// SPDX-License-Identifier: Apache-2.0
#include "client/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "client/tensor.h"

namespace actbench {
namespace {

using testing::ElementsAre;

TEST(AppendPartTest, EachOfTheTimesIsThatOfAllCalls) {
  v1::EvaluateItem item;
  *item.add_inputs() = client::MakeTensor(Dtype::kF32, {1, 2, 3});
  v1::EvaluateResult result;
  for (const int64_t begin : {0, 1, 2}) {
    v1::EvaluateResult part;
    *part.add_outputs() = client::Slice(item, begin, begin + 1).inputs(0);
    part.mutable_times()->set_queue_ns(1);
    part.mutable_times()->set_compute_ns(2);
    part.mutable_times()->set_copy_ns(3);
    part.mutable_times()->set_to_device_ns(4);
    part.mutable_times()->set_from_device_ns(5);
    ASSERT_TRUE(client::AppendPart(part, begin, begin + 1, item, result).ok());
  }
  const v1::PhaseTimes& times = result.times();
  EXPECT_THAT((std::vector<int64_t>{times.queue_ns(), times.compute_ns(), times.copy_ns(), times.to_device_ns(),
                                    times.from_device_ns()}),
              ElementsAre(3, 6, 9, 12, 15));
}

}  // namespace
}  // namespace actbench
