// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cudnn.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/cuda/library_calls.h"

namespace actbench::cuda {
namespace {

using cudnn::Mode;

// Of one call, as a descriptor's sizes are ints.
constexpr uint64_t kMostElements = uint64_t{1} << 30;

cudnn::DataType ToCudnn(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF64:
      return cudnn::kDouble;
    case Dtype::kF16:
      return cudnn::kHalf;
    case Dtype::kBF16:
      return cudnn::kBfloat16;
    default:
      return cudnn::kFloat;
  }
}

bool FindAll(const SharedLibrary& library, cudnn::Functions& functions) {
#define ACTBENCH_FIND(name) library.Find("cudnn" #name, functions.name)
  return ACTBENCH_FIND(GetErrorString) && ACTBENCH_FIND(Create) && ACTBENCH_FIND(Destroy) && ACTBENCH_FIND(SetStream) &&
         ACTBENCH_FIND(CreateTensorDescriptor) && ACTBENCH_FIND(SetTensor4dDescriptor) &&
         ACTBENCH_FIND(DestroyTensorDescriptor) && ACTBENCH_FIND(CreateActivationDescriptor) &&
         ACTBENCH_FIND(SetActivationDescriptor) && ACTBENCH_FIND(SetActivationDescriptorSwishBeta) &&
         ACTBENCH_FIND(DestroyActivationDescriptor) && ACTBENCH_FIND(ActivationForward);
#undef ACTBENCH_FIND
}

}  // namespace

// A handle is for one thread at a time, and its stream and the descriptors are set for each launch: launches on a
// device take it in turns, which is for as long as a call takes, not the kernel.
struct Cudnn::Session {
  std::mutex mutex;  // guards what follows
  cudnn::Handle handle = nullptr;
  cudnn::TensorDescriptor tensor = nullptr;
  cudnn::ActivationDescriptor activation = nullptr;
};

Cudnn::Cudnn(const std::string& library) : library_(library) {
  if (loaded() && !FindAll(library_, functions_)) library_.Close();
}

Cudnn::~Cudnn() {
  for (const auto& [device, session] : sessions_) {
    if (session->activation != nullptr) functions_.DestroyActivationDescriptor(session->activation);
    if (session->tensor != nullptr) functions_.DestroyTensorDescriptor(session->tensor);
    if (session->handle != nullptr) functions_.Destroy(session->handle);
  }
}

Cudnn& Cudnn::Default() {
  static Cudnn& cudnn = *new Cudnn("libcudnn.so.9");
  return cudnn;
}

absl::Status Cudnn::ToStatus(int code, const char* what) const {
  if (code == cudnn::kSuccess) return absl::OkStatus();
  constexpr int kCategory = 1000;
  const std::string message = absl::StrCat(what, ": ", functions_.GetErrorString(code));
  if (code / kCategory == cudnn::kNotSupported / kCategory || code == cudnn::kLibraryLoadingFailed) {
    return absl::UnimplementedError(message);
  }
  const bool is_memory = code == cudnn::kHostAllocationFailed || code == cudnn::kDeviceAllocationFailed;
  return is_memory ? absl::ResourceExhaustedError(message) : absl::InternalError(message);
}

Cudnn::Session& Cudnn::SessionOf(int device) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Session>& session = sessions_[device];
  if (session == nullptr) session = std::make_unique<Session>();
  return *session;
}

absl::Status Cudnn::MakeReady(Session& session) {
  absl::Status status;
  if (session.handle == nullptr) status = ToStatus(functions_.Create(&session.handle), "cudnnCreate");
  if (status.ok() && session.tensor == nullptr) {
    status = ToStatus(functions_.CreateTensorDescriptor(&session.tensor), "cudnnCreateTensorDescriptor");
  }
  if (status.ok() && session.activation == nullptr) {
    status = ToStatus(functions_.CreateActivationDescriptor(&session.activation), "cudnnCreateActivationDescriptor");
  }
  return status;
}

absl::Status Cudnn::Load(int device) {
  Session& session = SessionOf(device);
  const std::lock_guard lock(session.mutex);
  return MakeReady(session);
}

absl::Status Cudnn::Forward(Mode mode, double coefficient, Dtype dtype, const Launch& launch, int device) {
  Session& session = SessionOf(device);
  const std::lock_guard lock(session.mutex);
  absl::Status status = MakeReady(session);
  if (status.ok()) status = ToStatus(functions_.SetStream(session.handle, launch.stream), "cudnnSetStream");
  if (!status.ok()) return status;
  status = ToStatus(functions_.SetActivationDescriptor(session.activation, mode, cudnn::kPropagateNan, coefficient),
                    "cudnnSetActivationDescriptor");
  if (status.ok() && mode == cudnn::kSwish) {
    status = ToStatus(functions_.SetActivationDescriptorSwishBeta(session.activation, coefficient),
                      "cudnnSetActivationDescriptorSwishBeta");
  }
  for (size_t i = 0; i < launch.tensor_count && status.ok(); ++i) status = Compute(session, dtype, launch.tensors[i]);
  return status;
}

absl::Status Cudnn::Compute(const Session& session, Dtype dtype, const TensorBuffers& tensor) const {
  struct {
    float f32;
    double f64;
  } constexpr kOne = {1, 1}, kZero = {0, 0};
  const bool is_f64 = dtype == Dtype::kF64;
  const void* const one = is_f64 ? static_cast<const void*>(&kOne.f64) : &kOne.f32;
  const void* const zero = is_f64 ? static_cast<const void*>(&kZero.f64) : &kZero.f32;
  for (uint64_t done = 0; done < tensor.elements;) {
    const uint64_t count = std::min(tensor.elements - done, kMostElements);
    const auto* const x = static_cast<const char*>(tensor.inputs[0]) + done * SizeBytes(dtype);
    auto* const y = static_cast<char*>(tensor.outputs[0]) + done * SizeBytes(dtype);
    absl::Status status = ToStatus(functions_.SetTensor4dDescriptor(session.tensor, cudnn::kNchw, ToCudnn(dtype), 1, 1,
                                                                    1, static_cast<int>(count)),
                                   "cudnnSetTensor4dDescriptor");
    if (!status.ok()) return status;
    status = ToStatus(functions_.ActivationForward(session.handle, session.activation, one, session.tensor, x, zero,
                                                   session.tensor, y),
                      "cudnnActivationForward");
    if (!status.ok()) return status;
    done += count;
  }
  return absl::OkStatus();
}

namespace {

struct Formula {
  std::string_view activation;
  Mode mode;
  double coefficient;
  bool has_parameter = false;  // which is the coefficient
};

constexpr std::array<Formula, 7> kFormulas = {{{"sigmoid", cudnn::kSigmoid, 0},
                                               {"relu", cudnn::kRelu, 0},
                                               {"relu6", cudnn::kClippedRelu, 6},
                                               {"swish", cudnn::kSwish, 1, true},
                                               {"silu", cudnn::kSwish, 1},
                                               {"tanh", cudnn::kTanh, 0},
                                               {"elu", cudnn::kElu, 1, true}}};

absl::Status LoadCudnn(int device) { return Cudnn::Default().Load(device); }

template <Dtype kDtype, size_t kFormula>
absl::Status LaunchCudnn(const Launch& launch, int device) {
  constexpr Formula kOf = kFormulas[kFormula];
  const double coefficient = kOf.has_parameter ? launch.parameters[0] : kOf.coefficient;
  return Cudnn::Default().Forward(kOf.mode, coefficient, kDtype, launch, device);
}

template <Dtype kDtype, size_t kFormula>
constexpr LibraryCalls kCalls = {&LaunchCudnn<kDtype, kFormula>, &LoadCudnn};

template <Dtype kDtype, size_t... kFormula>
LaunchTable TableOf(std::index_sequence<kFormula...>) {
  static constexpr LaunchRow kRows[] = {{kFormulas[kFormula].activation, kFormulas[kFormula].has_parameter ? 1u : 0u, 1,
                                         1, nullptr, nullptr, &kCalls<kDtype, kFormula>}...};
  return {Direction::kForward, kDtype, "native", kRows, std::size(kRows), "cudnn"};
}

}  // namespace

std::vector<LaunchTable> CudnnTables() {
  if (!Cudnn::Default().loaded()) return {};
  constexpr std::make_index_sequence<kFormulas.size()> kAll;
  return {TableOf<Dtype::kF64>(kAll), TableOf<Dtype::kF32>(kAll), TableOf<Dtype::kF16>(kAll),
          TableOf<Dtype::kBF16>(kAll)};
}

}  // namespace actbench::cuda
