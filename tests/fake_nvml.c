// SPDX-License-Identifier: Apache-2.0
// A management library of one GPU, at 0000:01:00.0, for nvml_test.cc.
#include <string.h>

struct Utilization {
  unsigned gpu, memory;
};
struct Memory {
  unsigned long long total, free, used;
};

int fake_nvml_lookups = 0;

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char* pci_bus_id, void** device) {
  ++fake_nvml_lookups;
  *device = device;
  return strcmp(pci_bus_id, "0000:01:00.0") == 0 ? 0 : 6;  // not found
}
int nvmlDeviceGetUtilizationRates(void* device, struct Utilization* utilization) {
  (void)device;
  *utilization = (struct Utilization){25, 50};
  return 0;
}
int nvmlDeviceGetMemoryInfo(void* device, struct Memory* memory) {
  (void)device;
  *memory = (struct Memory){1000, 400, 600};
  return 0;
}
int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* celsius) {
  (void)device;
  *celsius = 61 + sensor;
  return 0;
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  (void)device;
  (void)milliwatts;
  return 3;  // not supported
}
int nvmlDeviceGetClockInfo(void* device, unsigned which, unsigned* megahertz) {
  (void)device;
  *megahertz = 1000 + which;
  return 0;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  (void)device;
  *reasons = 0x1 | 0x40;  // idle, and hot
  return 0;
}
