// SPDX-License-Identifier: Apache-2.0
#include "proto/tensor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

namespace actbench {
namespace {

constexpr int64_t kMaxElements = 1000;

v1::Tensor MakeTensor(v1::Dtype dtype, std::initializer_list<int64_t> shape, size_t bytes) {
  v1::Tensor tensor;
  tensor.set_dtype(dtype);
  for (const int64_t size : shape) tensor.add_shape(size);
  tensor.set_data(std::string(bytes, '\0'));
  return tensor;
}

void ExpectError(const v1::Tensor& tensor, absl::StatusCode code, std::initializer_list<std::string> parts) {
  const absl::Status status = CheckTensor(tensor, "inputs[1]", kMaxElements).status();
  EXPECT_EQ(status.code(), code) << status;
  for (const std::string& part : parts) {
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos) << "\"" << part << "\" in " << status;
  }
}

TEST(CheckTensorTest, AcceptsEveryDtypeAndCountsItsElements) {
  for (const DtypeInfo& info : AllDtypes()) {
    const v1::Tensor tensor =
        MakeTensor(static_cast<v1::Dtype>(static_cast<int>(info.dtype) + 1), {2, 3}, 6 * info.size_bytes);
    const absl::StatusOr<TensorInfo> checked = CheckTensor(tensor, "x", kMaxElements);
    ASSERT_TRUE(checked.ok()) << checked.status();
    EXPECT_EQ(checked->dtype, info.dtype);
    EXPECT_EQ(checked->elements, 6u);
  }
}

TEST(CheckTensorTest, TakesAnEmptyShapeForAScalar) {
  EXPECT_EQ(CheckTensor(MakeTensor(v1::DTYPE_F32, {}, 4), "x", kMaxElements)->elements, 1u);
  ExpectError(MakeTensor(v1::DTYPE_F32, {}, 0), absl::StatusCode::kInvalidArgument, {"shape []", "needs 1 x 4 = 4"});
}

TEST(CheckTensorTest, AcceptsDimensionsOfZeroWhateverTheOthersAre) {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(CheckTensor(MakeTensor(v1::DTYPE_F32, {3, 0}, 0), "x", kMaxElements)->elements, 0u);
  EXPECT_EQ(CheckTensor(MakeTensor(v1::DTYPE_F32, {kHuge, kHuge, 0}, 0), "x", kMaxElements)->elements, 0u);
}

TEST(CheckTensorTest, RejectsTensorWhoseByteCountIsNotShapeTimesSize) {
  for (const size_t bytes : {0u, 23u, 25u, 48u}) {
    ExpectError(MakeTensor(v1::DTYPE_F32, {2, 3}, bytes), absl::StatusCode::kInvalidArgument,
                {"inputs[1].data has " + std::to_string(bytes) + " bytes", "[2, 3] of f32", "6 x 4 = 24"});
  }
}

TEST(CheckTensorTest, RejectsNegativeDimensions) {
  ExpectError(MakeTensor(v1::DTYPE_F32, {2, -3}, 24), absl::StatusCode::kInvalidArgument,
              {"inputs[1].shape is [2, -3]", "at least 0"});
  ExpectError(MakeTensor(v1::DTYPE_F32, {0, -1}, 0), absl::StatusCode::kInvalidArgument, {"inputs[1].shape"});
}

TEST(CheckTensorTest, RejectsShapesWhoseByteCountOverflows) {
  ExpectError(MakeTensor(v1::DTYPE_F32, {int64_t{1} << 32, int64_t{1} << 29}, 0), absl::StatusCode::kInvalidArgument,
              {"inputs[1].shape is [4294967296, 536870912]", "below 2^63 bytes"});
  // The product is 2^64: 0, if it wrapped around.
  ExpectError(MakeTensor(v1::DTYPE_F64, {int64_t{1} << 32, int64_t{1} << 32}, 0), absl::StatusCode::kInvalidArgument,
              {"inputs[1].shape"});
}

TEST(CheckTensorTest, RejectsMoreElementsThanTheLimit) {
  EXPECT_TRUE(CheckTensor(MakeTensor(v1::DTYPE_F16, {1000}, 2000), "x", kMaxElements).ok());
  ExpectError(MakeTensor(v1::DTYPE_F16, {1001}, 2002), absl::StatusCode::kResourceExhausted,
              {"inputs[1] has 1001 elements", "at most 1000", "--max_tensor_elements"});
  ExpectError(MakeTensor(v1::DTYPE_F64, {int64_t{1} << 59}, 0), absl::StatusCode::kResourceExhausted, {"inputs[1]"});
}

TEST(CheckTensorTest, RejectsDtypesThatAreMissingOrUnknown) {
  ExpectError(MakeTensor(v1::DTYPE_UNSPECIFIED, {1}, 4), absl::StatusCode::kInvalidArgument,
              {"inputs[1].dtype is not given", "f64, f32, f16, bf16"});
  ExpectError(MakeTensor(static_cast<v1::Dtype>(99), {1}, 4), absl::StatusCode::kInvalidArgument,
              {"inputs[1].dtype is 99", "f64, f32, f16, bf16"});
}

TEST(CheckTensorTest, RefusesQuantizationAsNotImplemented) {
  v1::Tensor tensor = MakeTensor(v1::DTYPE_F32, {1}, 4);
  tensor.mutable_quantization()->set_scale(0.5);
  ExpectError(tensor, absl::StatusCode::kUnimplemented, {"inputs[1].quantization"});
}

TEST(ShapeTextTest, CutsLongShapes) {
  EXPECT_EQ(ShapeText(MakeTensor(v1::DTYPE_F32, {}, 0)), "[]");
  EXPECT_EQ(ShapeText(MakeTensor(v1::DTYPE_F32, {1, 2}, 0)), "[1, 2]");
  EXPECT_EQ(ShapeText(MakeTensor(v1::DTYPE_F32, {1, 2, 3, 4, 5, 6, 7, 8, 9}, 0)), "[1, 2, 3, 4, 5, 6, 7, 8, ...]");
}

}  // namespace
}  // namespace actbench
