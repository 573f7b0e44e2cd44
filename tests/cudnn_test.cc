// SPDX-License-Identifier: Apache-2.0
// With fake_cudnn.c, which is loaded with this program and is what it gets for cuDNN.
#include "kernels/cuda/cudnn.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/cuda/device_backend.h"
#include "kernels/cuda/library_calls.h"
#include "tests/fake_device.h"

namespace actbench::cuda {
namespace {

// A variable of the fake.
template <class T>
T& Fake(const char* name) {
  void* const library = dlopen("libcudnn.so.9", RTLD_NOW | RTLD_NOLOAD);
  T* const variable = static_cast<T*>(dlsym(library, name));
  dlclose(library);
  return *variable;
}

const LaunchRow* FindRow(std::string_view activation, Dtype dtype) {
  static const auto& tables = *new std::vector<LaunchTable>(CudnnTables());
  for (const LaunchTable& table : tables) {
    for (size_t i = 0; table.dtype == dtype && i < table.row_count; ++i) {
      if (table.rows[i].activation == activation) return &table.rows[i];
    }
  }
  return nullptr;
}

template <class T>
Launch LaunchOf(TensorBuffers& tensor, const T* x, T* y, size_t elements, const double* parameters) {
  tensor = {.inputs = {x}, .outputs = {y}, .elements = elements};
  return {.tensors = &tensor,
          .tensor_count = 1,
          .parameters = parameters,
          .processor_count = 0,
          .stream_outputs = false,
          .stream = nullptr};
}

// f(x) by the row, in T.
template <class T>
T Value(std::string_view activation, double x, double parameter) {
  const LaunchRow* const row = FindRow(activation, sizeof(T) == sizeof(double) ? Dtype::kF64 : Dtype::kF32);
  EXPECT_NE(row, nullptr) << activation;
  if (row == nullptr) return 0;
  const T input = static_cast<T>(x);
  T output = 77;
  TensorBuffers tensor;
  const absl::Status status = row->library->launch(LaunchOf(tensor, &input, &output, 1, &parameter), 0);
  EXPECT_TRUE(status.ok()) << status;
  return output;
}

TEST(CudnnTest, TablesAreOfForwardKernelsOfEachDtype) {
  const std::vector<LaunchTable> tables = CudnnTables();
  ASSERT_EQ(tables.size(), 4u);
  for (const LaunchTable& table : tables) {
    EXPECT_EQ(table.direction, Direction::kForward);
    EXPECT_EQ(table.provider, "cudnn");
    EXPECT_EQ(table.tier, "native");
    EXPECT_EQ(table.row_count, 7u);
  }
}

TEST(CudnnTest, EachActivationIsTheOneItIsCalled) {
  constexpr double kX = -0.75;
  const double sigmoid = 1 / (1 + std::exp(-kX));
  for (const double parameter : {1.0, 1.5}) {
    const double swish = kX / (1 + std::exp(-parameter * kX));
    EXPECT_DOUBLE_EQ(Value<double>("sigmoid", kX, parameter), sigmoid);
    EXPECT_DOUBLE_EQ(Value<double>("tanh", kX, parameter), std::tanh(kX));
    EXPECT_DOUBLE_EQ(Value<double>("silu", kX, parameter), kX * sigmoid);
    EXPECT_DOUBLE_EQ(Value<double>("swish", kX, parameter), swish);
    EXPECT_DOUBLE_EQ(Value<double>("elu", kX, parameter), parameter * std::expm1(kX));
    EXPECT_FLOAT_EQ(Value<float>("elu", kX, parameter), static_cast<float>(parameter * std::expm1(kX)));
  }
  for (const auto& [x, relu, relu6] : {std::array{-1.0, 0.0, 0.0}, {5.0, 5.0, 5.0}, {7.0, 7.0, 6.0}}) {
    EXPECT_EQ(Value<double>("relu", x, 0), relu);
    EXPECT_EQ(Value<float>("relu", x, 0), relu);
    EXPECT_EQ(Value<double>("relu6", x, 0), relu6);
  }
}

TEST(CudnnTest, NanIsToStayNanAndTheStreamIsTheLaunchs) {
  const LaunchRow* const row = FindRow("relu", Dtype::kF32);
  ASSERT_NE(row, nullptr);
  const float x = 1;
  float y = 0;
  int stream = 0;
  TensorBuffers tensor;
  Launch launch = LaunchOf(tensor, &x, &y, 1, nullptr);
  launch.stream = &stream;
  ASSERT_TRUE(row->library->launch(launch, 0).ok());
  EXPECT_EQ(Fake<int>("fake_cudnn_nan_propagation"), 1);
  EXPECT_EQ(Fake<void*>("fake_cudnn_stream"), &stream);
}

TEST(CudnnTest, EachDeviceHasOneHandle) {
  const LaunchRow* const row = FindRow("relu", Dtype::kF32);
  ASSERT_NE(row, nullptr);
  ASSERT_TRUE(row->library->load(0).ok());
  const int before = Fake<int>("fake_cudnn_handles");
  ASSERT_TRUE(row->library->load(5).ok());
  EXPECT_EQ(Fake<int>("fake_cudnn_handles"), before + 1);
  const float x = 1;
  float y = 0;
  TensorBuffers tensor;
  for (const int device : {0, 5, 5}) {
    ASSERT_TRUE(row->library->launch(LaunchOf(tensor, &x, &y, 1, nullptr), device).ok());
  }
  EXPECT_EQ(Fake<int>("fake_cudnn_handles"), before + 1);
}

TEST(CudnnTest, LargeTensorsAreCutIntoCallsThatItTakes) {
  const LaunchRow* const row = FindRow("relu", Dtype::kF32);
  ASSERT_NE(row, nullptr);
  constexpr uint64_t kMost = uint64_t{1} << 30;
  constexpr std::array<uint64_t, 3> kElements = {kMost, kMost, 5};
  ASSERT_TRUE(row->library->load(0).ok());
  Fake<int>("fake_cudnn_computes") = 0;
  Fake<int>("fake_cudnn_calls") = 0;
  float x = 1;
  TensorBuffers tensor;
  EXPECT_TRUE(row->library->launch(LaunchOf(tensor, &x, &x, 2 * kMost + 5, nullptr), 0).ok());
  Fake<int>("fake_cudnn_computes") = 1;
  ASSERT_EQ(Fake<int>("fake_cudnn_calls"), 3);
  uintptr_t place = reinterpret_cast<uintptr_t>(&x);
  for (size_t call = 0; call < kElements.size(); ++call) {
    EXPECT_EQ(Fake<long long[4]>("fake_cudnn_elements")[call], static_cast<long long>(kElements[call]));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(Fake<const void* [4]>("fake_cudnn_inputs")[call]), place);
    place += kElements[call] * sizeof(float);
  }
}

TEST(CudnnTest, ADtypeThatItHasNotIsUnimplementedInItsWords) {
  const LaunchRow* const row = FindRow("sigmoid", Dtype::kBF16);
  ASSERT_NE(row, nullptr);
  const uint16_t x = 0;
  uint16_t y = 0;
  TensorBuffers tensor;
  EXPECT_EQ(row->library->launch(LaunchOf(tensor, &x, &y, 1, nullptr), 0),
            absl::UnimplementedError("cudnnActivationForward: CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE"));
}

TEST(CudnnTest, WhatGoesWrongIsToldByItsKindAndTriedAgain) {
  Cudnn cudnn("libcudnn.so.9");
  ASSERT_TRUE(cudnn.loaded());
  for (const auto& [status, code] : {std::pair(4004, absl::StatusCode::kResourceExhausted),
                                     {1008, absl::StatusCode::kUnimplemented},
                                     {3007, absl::StatusCode::kUnimplemented},
                                     {1001, absl::StatusCode::kInternal},
                                     {5000, absl::StatusCode::kInternal}}) {
    Fake<int>("fake_cudnn_create_status") = status;
    EXPECT_EQ(cudnn.Load(0).code(), code) << status;
  }
  Fake<int>("fake_cudnn_create_status") = 0;
  EXPECT_TRUE(cudnn.Load(0).ok());
}

TEST(CudnnTest, WhatWasMadeIsDestroyed) {
  CudnnTables();  // keeps the fake loaded
  const int handles = Fake<int>("fake_cudnn_handles");
  const int descriptors = Fake<int>("fake_cudnn_descriptors");
  {
    Cudnn cudnn("libcudnn.so.9");
    ASSERT_TRUE(cudnn.Load(0).ok());
    ASSERT_TRUE(cudnn.Load(1).ok());
    EXPECT_EQ(Fake<int>("fake_cudnn_handles"), handles + 2);
    EXPECT_EQ(Fake<int>("fake_cudnn_descriptors"), descriptors + 4);
  }
  EXPECT_EQ(Fake<int>("fake_cudnn_handles"), handles);
  EXPECT_EQ(Fake<int>("fake_cudnn_descriptors"), descriptors);
}

TEST(CudnnTest, WithoutTheLibraryOrItsFunctionsNothingIsLoaded) {
  for (const char* library : {"no_such_library.so.9", "libm.so.6"}) EXPECT_FALSE(Cudnn(library).loaded()) << library;
}

// All the way: what a server does with its kernels.
TEST(CudnnTest, KernelsRunInTheQueueOfTheirDevice) {
  GpuInfo info;
  info.device = "cuda:0";
  const auto backends = MakeDeviceBackends(info, std::make_unique<FakeDevice>(), CudnnTables(), {});
  ASSERT_EQ(backends.size(), 1u);
  EXPECT_EQ(backends[0]->Provider(), "cudnn");
  bool ran = false;
  for (const Kernel& kernel : backends[0]->Kernels()) {
    if (kernel.activation != "relu6" || kernel.dtype != Dtype::kF32) continue;
    const std::array<float, 3> x = {-1, 3, 9};
    std::array<float, 3> y = {};
    const HostTensor tensor = {.inputs = {x.data()}, .outputs = {y.data()}, .elements = x.size()};
    for (int time = 0; time < 3; ++time) {  // the last by a graph
      DeviceTimes times;
      const absl::Status status = kernel.on_device->Prepare(nullptr)->Run({&tensor, 1}, times);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(y, (std::array<float, 3>{0, 3, 6}));
      y = {};
    }
    ran = true;
  }
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace actbench::cuda
