// SPDX-License-Identifier: Apache-2.0
// Holds kernels/cuda/cudnn_abi.h to the header of cuDNN, where that is there: it compiles, or not.
#include <cudnn.h>

#include <type_traits>

#include "kernels/cuda/cudnn_abi.h"

#if CUDNN_VERSION < 90200
#pragma message("cudnn_abi.h is not checked: cudnn.h is from before version 9.2")
#else
namespace actbench::cuda::cudnn {
namespace {

static_assert(CUDNN_MAJOR == 9);
static_assert(kSuccess == CUDNN_STATUS_SUCCESS);
static_assert(kLibraryLoadingFailed == CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED);
static_assert(kNotSupported == CUDNN_STATUS_NOT_SUPPORTED);
static_assert(kHostAllocationFailed == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
static_assert(kDeviceAllocationFailed == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED);
static_assert(int{kFloat} == int{CUDNN_DATA_FLOAT} && int{kDouble} == int{CUDNN_DATA_DOUBLE});
static_assert(int{kHalf} == int{CUDNN_DATA_HALF} && int{kBfloat16} == int{CUDNN_DATA_BFLOAT16});
static_assert(int{kSigmoid} == int{CUDNN_ACTIVATION_SIGMOID} && int{kRelu} == int{CUDNN_ACTIVATION_RELU});
static_assert(int{kTanh} == int{CUDNN_ACTIVATION_TANH} && int{kElu} == int{CUDNN_ACTIVATION_ELU});
static_assert(int{kClippedRelu} == int{CUDNN_ACTIVATION_CLIPPED_RELU} && int{kSwish} == int{CUDNN_ACTIVATION_SWISH});
static_assert(kNchw == CUDNN_TENSOR_NCHW);
static_assert(kPropagateNan == CUDNN_PROPAGATE_NAN);

// Enums are passed as ints, and pointers of any kind alike.
template <class Ours, class Theirs>
constexpr bool kSameKind = sizeof(Ours) == sizeof(Theirs) &&
                           std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>&& std::is_floating_point_v<Ours> ==
                               std::is_floating_point_v<Theirs>;

template <class Ours, class Theirs>
struct SameAbi : std::false_type {};
template <class OurResult, class... Ours, class TheirResult, class... Theirs>
requires(sizeof...(Ours) == sizeof...(Theirs)) struct SameAbi<OurResult (*)(Ours...), TheirResult (*)(Theirs...)>
    : std::bool_constant<kSameKind<OurResult, TheirResult> && (kSameKind<Ours, Theirs> && ...)> {
};

#define ACTBENCH_SAME(name) static_assert(SameAbi<decltype(Functions::name), decltype(&cudnn##name)>::value)
ACTBENCH_SAME(GetErrorString);
ACTBENCH_SAME(Create);
ACTBENCH_SAME(Destroy);
ACTBENCH_SAME(SetStream);
ACTBENCH_SAME(CreateTensorDescriptor);
ACTBENCH_SAME(SetTensor4dDescriptor);
ACTBENCH_SAME(DestroyTensorDescriptor);
ACTBENCH_SAME(CreateActivationDescriptor);
ACTBENCH_SAME(SetActivationDescriptor);
ACTBENCH_SAME(SetActivationDescriptorSwishBeta);
ACTBENCH_SAME(DestroyActivationDescriptor);
ACTBENCH_SAME(ActivationForward);
#undef ACTBENCH_SAME

}  // namespace
}  // namespace actbench::cuda::cudnn
#endif
