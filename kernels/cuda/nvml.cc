// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/nvml.h"

#include <utility>

#include "kernels/cuda/shared_library.h"

namespace actbench::cuda {
namespace {

// What is used of nvml.h, whose ABI does not change, so that it builds without the header.
struct Utilization {
  unsigned gpu;     // percent of the last second or so in which a kernel ran
  unsigned memory;  // and in which memory was read or written
};
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
constexpr int kSuccess = 0;
constexpr unsigned kTemperatureOfGpu = 0;
constexpr unsigned kProcessorClock = 1;
constexpr unsigned kMemoryClock = 2;
constexpr double kHertzPerMegahertz = 1e6;
// Why clocks are lower than they might be: power (software's cap, hardware's brake), heat (software's, hardware's), or
// the hardware's slowdown, which is either.
constexpr unsigned long long kThrottleReasons = 0x4 | 0x80 | 0x20 | 0x40 | 0x8;

}  // namespace

// Those beyond `handle` are null where the library has none.
struct Nvml::Functions {
  explicit Functions(const std::string& name) : library(name) {}

  const SharedLibrary library;
  int (*shutdown)() = nullptr;
  int (*handle)(const char* pci_bus_id, Gpu** gpu) = nullptr;
  int (*utilization)(Gpu* gpu, Utilization* utilization) = nullptr;
  int (*memory)(Gpu* gpu, Memory* memory) = nullptr;
  int (*temperature)(Gpu* gpu, unsigned sensor, unsigned* celsius) = nullptr;
  int (*power)(Gpu* gpu, unsigned* milliwatts) = nullptr;
  int (*clock)(Gpu* gpu, unsigned which, unsigned* megahertz) = nullptr;
  int (*throttle_reasons)(Gpu* gpu, unsigned long long* reasons) = nullptr;
};

namespace {

// Whether `function` is there and gave what it is asked for.
template <class... Parameter, class... Argument>
bool Gives(int (*function)(Parameter...), Argument... arguments) {
  return function != nullptr && function(arguments...) == kSuccess;
}

}  // namespace

Nvml::Nvml(const std::string& library) {
  auto functions = std::make_unique<Functions>(library);
  if (!functions->library.loaded()) return;
  const auto find = [&](const char* name, auto& function) { return functions->library.Find(name, function); };
  int (*initialize)() = nullptr;
  find("nvmlInit_v2", initialize);
  find("nvmlShutdown", functions->shutdown);
  find("nvmlDeviceGetHandleByPciBusId_v2", functions->handle);
  find("nvmlDeviceGetUtilizationRates", functions->utilization);
  find("nvmlDeviceGetMemoryInfo", functions->memory);
  find("nvmlDeviceGetTemperature", functions->temperature);
  find("nvmlDeviceGetPowerUsage", functions->power);
  find("nvmlDeviceGetClockInfo", functions->clock);
  if (!find("nvmlDeviceGetCurrentClocksEventReasons", functions->throttle_reasons)) {  // its name from driver 535 on
    find("nvmlDeviceGetCurrentClocksThrottleReasons", functions->throttle_reasons);
  }
  if (initialize == nullptr || functions->handle == nullptr || initialize() != kSuccess) return;
  functions_ = std::move(functions);
}

Nvml::~Nvml() {
  if (functions_ != nullptr && functions_->shutdown != nullptr) functions_->shutdown();
}

const Nvml& Nvml::Default() {
  static const Nvml* const nvml = new Nvml("libnvidia-ml.so.1");
  return *nvml;
}

Nvml::Gpu* Nvml::Find(const std::string& pci_bus_id) const {
  if (functions_ == nullptr) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = gpus_.find(pci_bus_id);
  if (found != gpus_.end()) return found->second;
  Gpu* gpu = nullptr;
  if (functions_->handle(pci_bus_id.c_str(), &gpu) != kSuccess) return nullptr;
  return gpus_[pci_bus_id] = gpu;
}

GpuSensors Nvml::ReadClock(const std::string& pci_bus_id) const {
  GpuSensors sensors;
  Gpu* const gpu = Find(pci_bus_id);
  if (gpu == nullptr) return sensors;
  unsigned megahertz = 0;
  if (Gives(functions_->clock, gpu, kProcessorClock, &megahertz)) {
    sensors.clock_hz = kHertzPerMegahertz * megahertz;
  }
  unsigned long long reasons = 0;
  if (Gives(functions_->throttle_reasons, gpu, &reasons)) {
    sensors.throttled = (reasons & kThrottleReasons) != 0 ? 1 : 0;
  }
  return sensors;
}

GpuSensors Nvml::Read(const std::string& pci_bus_id) const {
  GpuSensors sensors = ReadClock(pci_bus_id);
  Gpu* const gpu = Find(pci_bus_id);
  if (gpu == nullptr) return sensors;
  constexpr double kWattsPerMilliwatt = 1e-3;
  constexpr double kRatioPerPercent = 0.01;
  Utilization utilization;
  if (Gives(functions_->utilization, gpu, &utilization)) {
    sensors.utilization_ratio = kRatioPerPercent * utilization.gpu;
  }
  Memory memory;
  if (Gives(functions_->memory, gpu, &memory)) sensors.memory_used_bytes = static_cast<double>(memory.used);
  unsigned value = 0;
  if (Gives(functions_->temperature, gpu, kTemperatureOfGpu, &value)) sensors.temperature_celsius = value;
  if (Gives(functions_->power, gpu, &value)) sensors.power_watts = kWattsPerMilliwatt * value;
  if (Gives(functions_->clock, gpu, kMemoryClock, &value)) {
    sensors.memory_clock_hz = kHertzPerMegahertz * value;
  }
  return sensors;
}

}  // namespace actbench::cuda
