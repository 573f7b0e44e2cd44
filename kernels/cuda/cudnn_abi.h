// SPDX-License-Identifier: Apache-2.0
// What is used of cudnn.h of version 9, so that it builds without that header: the ABI of libcudnn.so.9 does not
// change. Held to the header, where there is one, by tests/cudnn_abi_check.cc.
#ifndef ACTBENCH_KERNELS_CUDA_CUDNN_ABI_H_
#define ACTBENCH_KERNELS_CUDA_CUDNN_ABI_H_

namespace actbench::cuda::cudnn {

using Handle = void*;
using TensorDescriptor = void*;
using ActivationDescriptor = void*;

// Status codes.
inline constexpr int kSuccess = 0;
inline constexpr int kLibraryLoadingFailed = 1008;  // of a part of cuDNN
inline constexpr int kNotSupported = 3000;          // and those that have the same thousands
inline constexpr int kHostAllocationFailed = 4003;
inline constexpr int kDeviceAllocationFailed = 4004;

enum DataType { kFloat = 0, kDouble = 1, kHalf = 2, kBfloat16 = 9 };
enum Mode { kSigmoid = 0, kRelu = 1, kTanh = 2, kClippedRelu = 3, kElu = 4, kSwish = 6 };
inline constexpr int kNchw = 0;
inline constexpr int kPropagateNan = 1;

// Named as those of the library, without "cudnn". What returns an int returns a status code.
struct Functions {
  const char* (*GetErrorString)(int status) = nullptr;
  int (*Create)(Handle* handle) = nullptr;
  int (*Destroy)(Handle handle) = nullptr;
  int (*SetStream)(Handle handle, void* stream) = nullptr;
  int (*CreateTensorDescriptor)(TensorDescriptor* tensor) = nullptr;
  int (*SetTensor4dDescriptor)(TensorDescriptor tensor, int format, int data_type, int n, int c, int h,
                               int w) = nullptr;
  int (*DestroyTensorDescriptor)(TensorDescriptor tensor) = nullptr;
  int (*CreateActivationDescriptor)(ActivationDescriptor* activation) = nullptr;
  int (*SetActivationDescriptor)(ActivationDescriptor activation, int mode, int nan_propagation,
                                 double coefficient) = nullptr;
  int (*SetActivationDescriptorSwishBeta)(ActivationDescriptor activation, double beta) = nullptr;
  int (*DestroyActivationDescriptor)(ActivationDescriptor activation) = nullptr;
  // y = alpha f(x) + beta y; alpha and beta are double where tensors are, else float. y may be x.
  int (*ActivationForward)(Handle handle, ActivationDescriptor activation, const void* alpha, TensorDescriptor of_x,
                           const void* x, const void* beta, TensorDescriptor of_y, void* y) = nullptr;
};

}  // namespace actbench::cuda::cudnn

#endif  // ACTBENCH_KERNELS_CUDA_CUDNN_ABI_H_
