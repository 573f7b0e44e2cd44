// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_status.h"

#include <driver_types.h>
#include <gtest/gtest.h>

namespace actbench::cuda {
namespace {

TEST(CudaStatusTest, SuccessIsOk) { EXPECT_TRUE(ToStatus(cudaSuccess, "cudaMalloc").ok()); }

TEST(CudaStatusTest, WithoutMemoryThereMayBeSomeLater) {
  const absl::Status status = ToStatus(cudaErrorMemoryAllocation, "cudaMalloc");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "cudaMalloc: cudaErrorMemoryAllocation, out of memory");
}

TEST(CudaStatusTest, ADeviceIsLostWhereAllCallsFailFromThenOn) {
  for (const cudaError_t error :
       {cudaErrorIllegalAddress, cudaErrorLaunchFailure, cudaErrorLaunchTimeout, cudaErrorMisalignedAddress,
        cudaErrorIllegalInstruction, cudaErrorInvalidPc, cudaErrorInvalidAddressSpace, cudaErrorHardwareStackError,
        cudaErrorAssert, cudaErrorECCUncorrectable, cudaErrorNvlinkUncorrectable, cudaErrorContextIsDestroyed,
        cudaErrorUnknown, cudaErrorNoDevice, cudaErrorDeviceUninitialized, cudaErrorMpsRpcFailure}) {
    EXPECT_EQ(ToStatus(error, "cudaStreamSynchronize").code(), absl::StatusCode::kUnavailable) << error;
  }
}

TEST(CudaStatusTest, WhatIsAboutACallIsNotAboutTheDevice) {
  for (const cudaError_t error :
       {cudaErrorInvalidValue, cudaErrorInvalidConfiguration, cudaErrorInvalidResourceHandle,
        cudaErrorLaunchOutOfResources, cudaErrorStreamCaptureInvalidated, cudaErrorStreamCaptureUnsupported,
        cudaErrorStreamCaptureImplicit, cudaErrorNoKernelImageForDevice, cudaErrorInvalidDeviceFunction,
        cudaErrorUnsupportedPtxVersion, cudaErrorDevicesUnavailable, cudaErrorNotSupported}) {
    EXPECT_EQ(ToStatus(error, "cudaLaunchKernel").code(), absl::StatusCode::kInternal) << error;
  }
}

}  // namespace
}  // namespace actbench::cuda
