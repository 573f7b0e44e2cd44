// SPDX-License-Identifier: Apache-2.0
#include "server/device_health.h"

#include <string>
#include <vector>

#include "server/log.h"

namespace actbench {
namespace {

constexpr absl::Duration kPeriod = absl::Seconds(1);

class Watch final : public Ticker::Client {
 public:
  Watch(const Catalog& catalog, grpc::HealthCheckServiceInterface& health)
      : gpus_(catalog.gpus().begin(), catalog.gpus().end()), health_(health) {
    for (const auto& gpu : gpus_) health_.SetServingStatus(gpu->info().device, true);
  }

  // A device that is lost stays so: it need not be looked at again.
  bool Tick(bool /*periodic*/) override {
    std::erase_if(gpus_, [&](const std::shared_ptr<const Gpu>& gpu) {
      const absl::Status status = gpu->health();
      if (status.ok()) return false;
      health_.SetServingStatus(gpu->info().device, false);
      Log(LogLevel::kError, std::string(status.message()), {{"device", gpu->info().device}});
      return true;
    });
    return !gpus_.empty();
  }

 private:
  std::vector<std::shared_ptr<const Gpu>> gpus_;
  grpc::HealthCheckServiceInterface& health_;
};

}  // namespace

DeviceHealth::DeviceHealth(const Catalog& catalog, grpc::HealthCheckServiceInterface& health) {
  if (catalog.gpus().empty()) return;
  ticker_ = std::make_unique<Ticker>(kPeriod);
  ticker_->Add(std::make_shared<Watch>(catalog, health));
}

}  // namespace actbench
