// SPDX-License-Identifier: Apache-2.0
// Evaluate over gRPC: results, and the error of every item that can be wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "proto/dtype.h"
#include "tests/server_fixture.h"

namespace actbench {
namespace {

// ---- Results ----

// Elements of `dtype` as bytes, from -8 to 8.
std::string SomeData(Dtype dtype, size_t elements) {
  std::string data(elements * SizeBytes(dtype), '\0');
  const std::vector<float> values = SomeValues(elements);
  for (size_t i = 0; i < elements; ++i) {
    StoreElement(dtype, static_cast<double>(values[i]), data.data() + i * SizeBytes(dtype));
  }
  return data;
}

v1::EvaluateItem ItemFor(const Kernel& kernel, size_t elements) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  v1::EvaluateItem item;
  item.set_activation(kernel.activation);
  item.set_direction(kernel.direction == Direction::kForward ? v1::DIRECTION_FORWARD : v1::DIRECTION_GRADIENT);
  item.mutable_selector()->set_provider(kernel.provider);
  item.mutable_selector()->set_tier(kernel.tier);
  item.mutable_selector()->set_isa(kernel.isa);
  item.mutable_selector()->set_device(kernel.device);
  const size_t inputs = InputCount(activation, kernel.direction);
  for (size_t i = 0; i < inputs; ++i) {
    v1::Tensor& tensor = *item.add_inputs();
    tensor.set_dtype(ToProto(kernel.dtype));
    tensor.add_shape(static_cast<int64_t>(elements));
    tensor.set_data(SomeData(kernel.dtype, elements));
  }
  return item;
}

// What the kernel itself makes of the item's inputs.
std::vector<std::string> RunHere(const Kernel& kernel, const v1::EvaluateItem& item) {
  const ActivationInfo& activation = **Catalog::FindActivation(kernel.activation);
  const std::vector<double> parameters = *ResolveParameters(activation, {});
  const PreparedKernel prepared(kernel, parameters.data());
  const size_t output_count = OutputCount(activation, kernel.direction);
  std::vector<std::string> outputs(output_count, std::string(item.inputs(0).data().size(), '\0'));
  std::vector<const void*> input_pointers;
  std::vector<void*> output_pointers;
  for (const v1::Tensor& input : item.inputs()) input_pointers.push_back(input.data().data());
  for (std::string& output : outputs) output_pointers.push_back(output.data());
  const auto elements = static_cast<size_t>(item.inputs(0).shape(0));
  EXPECT_TRUE(prepared.Run(input_pointers, absl::MakeSpan(output_pointers), elements).ok());
  return outputs;
}

TEST(EvaluateTest, EveryKernelGivesTheBitsThatItGivesInProcess) {
  TestServer server;
  constexpr size_t kElements = 4099;
  const absl::Span<const Kernel> kernels = Catalog::Default().kernels();
  for (size_t begin = 0; begin < kernels.size(); begin += 64) {
    const auto batch = kernels.subspan(begin, 64);
    v1::EvaluateRequest request;
    for (const Kernel& kernel : batch) *request.add_items() = ItemFor(kernel, kElements);
    v1::EvaluateResponse response;
    ASSERT_TRUE(server.Evaluate(request, response).ok());
    ASSERT_EQ(static_cast<size_t>(response.results_size()), batch.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      const v1::EvaluateResult& result = response.results(static_cast<int>(i));
      SCOPED_TRACE(batch[i].Name());
      EXPECT_EQ(result.status().code(), 0) << result.status().message();
      EXPECT_EQ(result.kernel().name(), batch[i].Name());
      const std::vector<std::string> expected = RunHere(batch[i], request.items(static_cast<int>(i)));
      ASSERT_EQ(static_cast<size_t>(result.outputs_size()), expected.size());
      for (size_t k = 0; k < expected.size(); ++k) {
        EXPECT_TRUE(result.outputs(static_cast<int>(k)).data() == expected[k]);
      }
    }
  }
}

TEST(EvaluateTest, GivesTheSameBitsWhateverTheThreadsAndWhetherTheErrorIsMeasured) {
  constexpr size_t kElements = 300'001;  // several chunks
  std::string expected;
  for (const int threads : {1, 4}) {
    ServerOptions options;
    options.threads = threads;
    TestServer server(options);
    for (const bool measure : {false, true}) {
      v1::EvaluateItem item = MakeItem(kElements);
      item.set_measure_error(measure);
      const v1::EvaluateResult result = server.EvaluateOne(item);
      ASSERT_EQ(result.outputs_size(), 1);
      if (expected.empty()) expected = result.outputs(0).data();
      EXPECT_TRUE(result.outputs(0).data() == expected);
    }
  }
}

TEST(EvaluateTest, AnswersWithIdKernelShapeParametersAndTimes) {
  TestServer server;
  v1::EvaluateItem item = MakeItem(6);
  item.set_activation("swish");
  item.mutable_inputs(0)->clear_shape();
  for (const int size : {1, 2, 3}) item.mutable_inputs(0)->add_shape(size);
  const v1::EvaluateResult result = server.EvaluateOne(item);
  EXPECT_EQ(result.id(), "an id");
  ASSERT_TRUE(result.has_status());
  EXPECT_EQ(result.status().code(), 0);
  EXPECT_TRUE(result.status().message().empty());
  ASSERT_EQ(result.outputs_size(), 1);
  EXPECT_TRUE(std::ranges::equal(result.outputs(0).shape(), item.inputs(0).shape()));
  EXPECT_EQ(result.outputs(0).dtype(), v1::DTYPE_F32);
  EXPECT_EQ(result.kernel().activation(), "swish");
  EXPECT_EQ(result.kernel().provider(), "actbench");
  EXPECT_EQ(result.kernel().tier(), "fast");
  EXPECT_EQ(result.kernel().device(), "cpu");
  EXPECT_EQ(result.kernel().isa(), Catalog::Default().isas().back());
  ASSERT_EQ(result.parameters().size(), 1u);
  EXPECT_EQ(result.parameters().at("beta"), 1);
  EXPECT_GT(result.times().queue_ns(), 0);
  EXPECT_GT(result.times().compute_ns(), 0);
  EXPECT_EQ(result.times().copy_ns(), 0);
  EXPECT_FALSE(result.has_error());
}

TEST(EvaluateTest, UsesTheParametersThatAreGiven) {
  TestServer server;
  v1::EvaluateItem item = MakeItem(100);
  item.set_activation("swish");
  (*item.mutable_parameters())["beta"] = 2;
  const v1::EvaluateResult result = server.EvaluateOne(item);
  EXPECT_EQ(result.parameters().at("beta"), 2);
  const std::vector<float> x = SomeValues(100);
  const std::vector<float> y = ValuesOf<float>(result.outputs(0));
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i] / (1 + std::exp(-2 * x[i])), 1e-5) << x[i];
}

TEST(EvaluateTest, AcceptsEmptyAndScalarTensors) {
  TestServer server;
  v1::EvaluateResult result = server.EvaluateOne(MakeItem(0));
  EXPECT_EQ(result.status().code(), 0) << result.status().message();
  EXPECT_TRUE(result.outputs(0).data().empty());
  v1::EvaluateItem scalar = MakeItem(1);
  scalar.mutable_inputs(0)->clear_shape();
  result = server.EvaluateOne(scalar);
  EXPECT_EQ(result.status().code(), 0) << result.status().message();
  EXPECT_EQ(result.outputs(0).shape_size(), 0);
  EXPECT_EQ(result.outputs(0).data().size(), 4u);
  scalar.set_measure_error(true);
  EXPECT_EQ(server.EvaluateOne(scalar).error().checked(), 1);
  v1::EvaluateResponse response;
  EXPECT_TRUE(server.Evaluate({}, response).ok());
  EXPECT_EQ(response.results_size(), 0);
}

TEST(EvaluateTest, RoundsTheResultOnceToTheOutputDtype) {
  TestServer server;
  constexpr size_t kElements = 100'003;
  v1::EvaluateItem item = MakeItem(kElements);
  const std::vector<float> y = ValuesOf<float>(server.EvaluateOne(item).outputs(0));
  for (const DtypeInfo& info : AllDtypes()) {
    item.set_output_dtype(ToProto(info.dtype));
    const v1::EvaluateResult result = server.EvaluateOne(item);
    ASSERT_EQ(result.outputs_size(), 1);
    EXPECT_EQ(result.outputs(0).dtype(), item.output_dtype());
    EXPECT_EQ(result.kernel().dtype(), v1::DTYPE_F32);
    std::string expected(kElements * info.size_bytes, '\0');
    ConvertElements(Dtype::kF32, y.data(), info.dtype, expected.data(), kElements);
    EXPECT_TRUE(result.outputs(0).data() == expected) << info.name;
    EXPECT_EQ(result.times().copy_ns() > 0, info.dtype != Dtype::kF32);
  }
}

TEST(EvaluateTest, MeasuresTheErrorOfEveryElement) {
  TestServer server;
  constexpr size_t kElements = 50'000;
  v1::EvaluateItem item = MakeItem(kElements);
  item.set_measure_error(true);
  const v1::EvaluateResult result = server.EvaluateOne(item);
  EXPECT_EQ(result.error().checked(), static_cast<int64_t>(kElements));
  EXPECT_GT(result.error().max_ulp(), 0);
  EXPECT_LE(result.error().max_ulp(), 4);
  EXPECT_GT(result.error().mean_ulp(), 0);
  EXPECT_LE(result.error().mean_ulp(), result.error().max_ulp());
  const std::vector<float> x = SomeValues(kElements);
  ASSERT_LT(result.error().worst_index(), static_cast<int64_t>(kElements));
  const float worst = x[static_cast<size_t>(result.error().worst_index())];
  EXPECT_EQ(result.error().worst_input(), worst);
  EXPECT_EQ(std::stoul(result.error().worst_input_bits(), nullptr, 16), LoadBits(Dtype::kF32, &worst));
  EXPECT_EQ(result.error().worst_input_bits().size(), 10u);
  // The error is that before a change of dtype.
  item.set_output_dtype(v1::DTYPE_BF16);
  EXPECT_EQ(server.EvaluateOne(item).error().max_ulp(), result.error().max_ulp());
}

TEST(EvaluateTest, AcceptsTheLargestTensorThatTheDefaultsPromise) {
  TestServer server;
  const v1::EvaluateResult result = server.EvaluateOne(MakeItem(size_t{1} << 24));
  EXPECT_EQ(result.status().code(), 0) << result.status().message();
  EXPECT_EQ(result.outputs(0).data().size(), size_t{1} << 26);
}

// ---- Errors of items ----

struct BadItem {
  const char* name;
  std::function<void(v1::EvaluateItem&)> spoil;
  grpc::StatusCode code;
  std::vector<std::string> message;

  friend void PrintTo(const BadItem& item, std::ostream* out) { *out << item.name; }
};

v1::Tensor& FirstInput(v1::EvaluateItem& item) { return *item.mutable_inputs(0); }

std::vector<BadItem> NameErrors() {
  using Item = v1::EvaluateItem;
  return {
      {"UnknownActivation", [](Item& item) { item.set_activation("sillu"); }, grpc::NOT_FOUND, {"\"sillu\"", "silu"}},
      {"NoActivation", [](Item& item) { item.clear_activation(); }, grpc::NOT_FOUND, {"activation"}},
      {"EndlessActivation",
       [](Item& item) { item.set_activation(std::string(1000, 'a')); },
       grpc::INVALID_ARGUMENT,
       {"activation has 1000 bytes", "at most 128"}},
      {"UnknownProvider",
       [](Item& item) { item.mutable_selector()->set_provider("nobody"); },
       grpc::NOT_FOUND,
       {"provider", "nobody"}},
      {"UnknownTier", [](Item& item) { item.mutable_selector()->set_tier("slow"); }, grpc::NOT_FOUND, {"tier", "slow"}},
      {"UnknownIsa", [](Item& item) { item.mutable_selector()->set_isa("mmx"); }, grpc::NOT_FOUND, {"isa", "mmx"}},
      {"UnknownDevice",
       [](Item& item) { item.mutable_selector()->set_device("cuda:9"); },
       grpc::NOT_FOUND,
       {"device", "cuda:9"}},
      {"UnknownParameter",
       [](Item& item) { (*item.mutable_parameters())["gamma"] = 1; },
       grpc::INVALID_ARGUMENT,
       {"parameters", "gamma"}},
      {"ParameterThatIsNotANumber",
       [](Item& item) {
         item.set_activation("swish");
         (*item.mutable_parameters())["beta"] = std::numeric_limits<double>::quiet_NaN();
       },
       grpc::INVALID_ARGUMENT,
       {"parameters", "beta", "nan"}},
      {"InfiniteParameter",
       [](Item& item) {
         item.set_activation("swish");
         (*item.mutable_parameters())["beta"] = std::numeric_limits<double>::infinity();
       },
       grpc::INVALID_ARGUMENT,
       {"parameters", "beta", "inf"}},
      {"NoDirection",
       [](Item& item) { item.clear_direction(); },
       grpc::INVALID_ARGUMENT,
       {"direction is not given", "forward or gradient"}},
      {"UnknownDirection",
       [](Item& item) { item.set_direction(static_cast<v1::Direction>(9)); },
       grpc::INVALID_ARGUMENT,
       {"direction is 9", "forward or gradient"}},
  };
}

std::vector<BadItem> TensorErrors() {
  using Item = v1::EvaluateItem;
  return {
      {"NoInput",
       [](Item& item) { item.clear_inputs(); },
       grpc::INVALID_ARGUMENT,
       {"inputs has 0 tensors", "forward", "takes 1: x"}},
      {"TooManyInputs",
       [](Item& item) { *item.add_inputs() = item.inputs(0); },
       grpc::INVALID_ARGUMENT,
       {"inputs has 2 tensors", "takes 1: x"}},
      {"GradientWithoutDy",
       [](Item& item) { item.set_direction(v1::DIRECTION_GRADIENT); },
       grpc::INVALID_ARGUMENT,
       {"inputs has 1 tensor;", "gradient", "takes 2: x, dy"}},
      {"DyOfAnotherShape",
       [](Item& item) {
         item.set_direction(v1::DIRECTION_GRADIENT);
         *item.add_inputs() = MakeTensor(v1::DTYPE_F32, SomeValues(11));
       },
       grpc::INVALID_ARGUMENT,
       {"inputs[1].shape is [11]", "inputs[0].shape is [10]"}},
      {"DyOfAnotherDtype",
       [](Item& item) {
         item.set_direction(v1::DIRECTION_GRADIENT);
         *item.add_inputs() = MakeTensor(v1::DTYPE_F64, std::vector<double>(10));
       },
       grpc::INVALID_ARGUMENT,
       {"inputs[1].dtype is f64", "inputs[0].dtype is f32"}},
      {"NoDtype",
       [](Item& item) { FirstInput(item).clear_dtype(); },
       grpc::INVALID_ARGUMENT,
       {"inputs[0].dtype is not given"}},
      {"UnknownDtype",
       [](Item& item) { FirstInput(item).set_dtype(static_cast<v1::Dtype>(9)); },
       grpc::INVALID_ARGUMENT,
       {"inputs[0].dtype is 9"}},
      {"WrongByteCount",
       [](Item& item) { FirstInput(item).mutable_data()->pop_back(); },
       grpc::INVALID_ARGUMENT,
       {"inputs[0].data has 39 bytes", "[10] of f32", "10 x 4 = 40"}},
      {"NegativeDimension",
       [](Item& item) { FirstInput(item).set_shape(0, -10); },
       grpc::INVALID_ARGUMENT,
       {"inputs[0].shape is [-10]"}},
      {"OverflowingShape",
       [](Item& item) {
         FirstInput(item).set_shape(0, int64_t{1} << 62);
         FirstInput(item).add_shape(4);
       },
       grpc::INVALID_ARGUMENT,
       {"inputs[0].shape is [4611686018427387904, 4]", "2^63"}},
      {"TooManyElements",
       [](Item& item) { FirstInput(item) = MakeTensor(v1::DTYPE_F32, SomeValues(1001)); },
       grpc::RESOURCE_EXHAUSTED,
       {"inputs[0] has 1001 elements", "at most 1000"}},
      {"TooManyMeasuredElements",
       [](Item& item) {
         FirstInput(item) = MakeTensor(v1::DTYPE_F32, SomeValues(101));
         item.set_measure_error(true);
       },
       grpc::RESOURCE_EXHAUSTED,
       {"measure_error", "101 elements", "at most 100"}},
      {"Quantization",
       [](Item& item) { FirstInput(item).mutable_quantization()->set_scale(1); },
       grpc::UNIMPLEMENTED,
       {"inputs[0].quantization"}},
      {"UnknownOutputDtype",
       [](Item& item) { item.set_output_dtype(static_cast<v1::Dtype>(9)); },
       grpc::INVALID_ARGUMENT,
       {"output_dtype is 9"}},
  };
}

class BadItemTest : public testing::TestWithParam<BadItem> {
 protected:
  BadItemTest() : server_(Options()) {}
  static ServerOptions Options() {
    ServerOptions options;
    options.limits.tensor_elements = 1000;
    options.limits.measured_elements = 100;
    return options;
  }
  TestServer server_;
};

TEST_P(BadItemTest, GetsItsErrorAndCostsTheOthersNothing) {
  v1::EvaluateRequest request;
  for (int i = 0; i < 3; ++i) *request.add_items() = MakeItem(10);
  v1::EvaluateItem& bad = *request.mutable_items(1);
  bad.set_id("the bad one");
  GetParam().spoil(bad);
  v1::EvaluateResponse response;
  const grpc::Status status = server_.Evaluate(request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.results_size(), 3);
  const v1::EvaluateResult& result = response.results(1);
  EXPECT_EQ(result.id(), "the bad one");
  EXPECT_EQ(result.status().code(), GetParam().code);
  ExpectContains(result.status().message(), GetParam().message);
  EXPECT_EQ(result.outputs_size(), 0);
  EXPECT_FALSE(result.has_kernel());
  for (const int i : {0, 2}) {
    EXPECT_EQ(response.results(i).status().code(), 0);
    EXPECT_EQ(response.results(i).outputs(0).data().size(), 40u);
  }
}

std::string NameOf(const testing::TestParamInfo<BadItem>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Names, BadItemTest, testing::ValuesIn(NameErrors()), NameOf);
INSTANTIATE_TEST_SUITE_P(Tensors, BadItemTest, testing::ValuesIn(TensorErrors()), NameOf);

}  // namespace
}  // namespace actbench
