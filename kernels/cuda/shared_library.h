// SPDX-License-Identifier: Apache-2.0
// A library of NVIDIA's that is used where it is there. Tested by nvml_test.cc and cudnn_test.cc.
#ifndef ACTBENCH_KERNELS_CUDA_SHARED_LIBRARY_H_
#define ACTBENCH_KERNELS_CUDA_SHARED_LIBRARY_H_

#include <dlfcn.h>

#include <string>
#include <utility>

namespace actbench::cuda {

class SharedLibrary {
 public:
  explicit SharedLibrary(const std::string& name) : handle_(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~SharedLibrary() { Close(); }
  SharedLibrary(const SharedLibrary&) = delete;
  SharedLibrary& operator=(const SharedLibrary&) = delete;

  bool loaded() const { return handle_ != nullptr; }
  // Whether it has the function, which is null if not. REQUIRES: loaded().
  template <class Function>
  bool Find(const char* name, Function& function) const {
    function = reinterpret_cast<Function>(dlsym(handle_, name));
    return function != nullptr;
  }
  void Close() {
    if (handle_ != nullptr) dlclose(std::exchange(handle_, nullptr));
  }

 private:
  void* handle_;
};

}  // namespace actbench::cuda

#endif  // ACTBENCH_KERNELS_CUDA_SHARED_LIBRARY_H_
