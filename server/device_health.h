// SPDX-License-Identifier: Apache-2.0
// The health of GPUs, as services of grpc.health.v1: "cuda:0" is SERVING until that device is lost.
#ifndef ACTBENCH_SERVER_DEVICE_HEALTH_H_
#define ACTBENCH_SERVER_DEVICE_HEALTH_H_

#include <grpcpp/health_check_service_interface.h>

#include <memory>

#include "kernels/catalog.h"
#include "server/ticker.h"

namespace actbench {

// Looks at the GPUs of the catalog each second. Both must outlive it.
class DeviceHealth {
 public:
  DeviceHealth(const Catalog& catalog, grpc::HealthCheckServiceInterface& health);

 private:
  std::unique_ptr<Ticker> ticker_;  // null where there are no GPUs
};

}  // namespace actbench

#endif  // ACTBENCH_SERVER_DEVICE_HEALTH_H_
