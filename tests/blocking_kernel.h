// SPDX-License-Identifier: Apache-2.0
// A kernel that waits, so that tests know what runs and what is queued.
#ifndef ACTBENCH_TESTS_BLOCKING_KERNEL_H_
#define ACTBENCH_TESTS_BLOCKING_KERNEL_H_

#include <memory>
#include <utility>
#include <vector>

#include "kernels/backend.h"
#include "kernels/catalog.h"
#include "tests/gate.h"
#include "tests/server_fixture.h"

namespace actbench {

// The catalog of this machine and one more kernel, relu/forward/f32/test/native/blocking, that leaves its tensor as it
// is once it is released. One at a time.
class BlockingKernel {
 public:
  BlockingKernel() : catalog_(WithBackend()) { gate_ = std::make_unique<Gate>(); }

  const Catalog& catalog() const { return catalog_; }
  void Release() { gate_->Open(); }

  // Work of several chunks for it.
  static v1::EvaluateRequest Request() {
    v1::EvaluateRequest request = MakeRequest(100'000);
    v1::EvaluateItem& item = *request.mutable_items(0);
    item.set_activation("relu");
    v1::KernelSelector& selector = *item.mutable_selector();
    selector.set_provider("test");
    selector.set_tier("native");
    selector.set_isa("blocking");
    return request;
  }

 private:
  class WaitingBackend final : public Backend {
   public:
    std::string Isa() const override { return "blocking"; }
    std::vector<Kernel> Kernels() const override {
      const KernelFunctions functions = {
          .prepare = [](const double*, const Quantization*) -> void* { return gate_.get(); },
          .run = [](const void*, const void* const*, void* const*, size_t) { EXPECT_TRUE(gate_->Wait()); },
          .release = [](void*) {}};
      return {{"relu", Direction::kForward, Dtype::kF32, "test", "native", "cpu", "blocking", functions}};
    }
  };

  static std::vector<std::unique_ptr<Backend>> WithBackend() {
    std::vector<std::unique_ptr<Backend>> backends = DefaultBackends();
    backends.push_back(std::make_unique<WaitingBackend>());
    return backends;
  }

  inline static std::unique_ptr<Gate> gate_;
  const Catalog catalog_;
};

}  // namespace actbench

#endif  // ACTBENCH_TESTS_BLOCKING_KERNEL_H_
