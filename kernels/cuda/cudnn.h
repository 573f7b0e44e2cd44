// SPDX-License-Identifier: Apache-2.0
// The peer "cudnn": the activations of NVIDIA's cuDNN 9, which is loaded when it is there. Tested by cudnn_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_CUDNN_H_
#define ACTBENCH_KERNELS_CUDA_CUDNN_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/cuda/cudnn_abi.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_library.h"
#include "kernels/dtype.h"

namespace actbench::cuda {

// Thread-safe.
class Cudnn {
 public:
  // The library of this name; without it, or without one of its functions, nothing is loaded.
  explicit Cudnn(const std::string& library);
  ~Cudnn();
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  // That of the system's loader, loaded on the first call.
  static Cudnn& Default();

  bool loaded() const { return library_.loaded(); }

  // Makes what Forward uses on `device`, the current one: some of its memory and, the first time, seconds.
  absl::Status Load(int device);
  // Launches f(x) of every tensor on the stream. `coefficient` is the ceiling of kClippedRelu, alpha of kElu and beta
  // of kSwish. UNIMPLEMENTED where this version of cuDNN, or the device, has not that for this dtype.
  absl::Status Forward(cudnn::Mode mode, double coefficient, Dtype dtype, const Launch& launch, int device);

 private:
  struct Session;

  Session& SessionOf(int device);
  absl::Status MakeReady(Session& session);
  absl::Status Compute(const Session& session, Dtype dtype, const TensorBuffers& tensor) const;
  // The one way to the library: what it says, a status code, of the call `what`.
  absl::Status ToStatus(int code, const char* what) const;

  SharedLibrary library_;
  cudnn::Functions functions_;
  std::mutex mutex_;
  std::map<int, std::unique_ptr<Session>> sessions_;  // of each device; guarded by mutex_
};

// Forward kernels of each dtype, of tier "native", if the library is there.
std::vector<LaunchTable> CudnnTables();

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_CUDNN_H_
