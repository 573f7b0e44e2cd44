// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_device.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/cuda/architectures.h"
#include "kernels/cuda/cuda_status.h"
#include "kernels/cuda/library_calls.h"

namespace actbench::cuda {
namespace {

std::string VersionText(int version) { return absl::StrCat(version / 1000, ".", version % 1000 / 10); }

int Attribute(cudaDeviceAttr attribute, int ordinal) {
  int value = 0;
  return cudaDeviceGetAttribute(&value, attribute, ordinal) == cudaSuccess ? value : 0;
}

// CUDA has one code for a driver that is too old and for none.
bool HasDriver() {
  void* const driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver != nullptr) dlclose(driver);
  return driver != nullptr;
}

GpuInfo Describe(int ordinal, const cudaDeviceProp& properties) {
  int driver = 0;
  int runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  const auto* const uuid = reinterpret_cast<const unsigned char*>(properties.uuid.bytes);
  std::string uuid_text = "GPU";
  for (int i = 0; i < 16; ++i) {
    const bool starts_group = i == 0 || i == 4 || i == 6 || i == 8 || i == 10;
    absl::StrAppendFormat(&uuid_text, "%s%02x", starts_group ? "-" : "", uuid[i]);
  }
  constexpr int64_t kHzPerKhz = 1000;
  return {.ordinal = ordinal,
          .device = absl::StrCat("cuda:", ordinal),
          .model = properties.name,
          .uuid = uuid_text,
          .pci_bus_id =
              absl::StrFormat("%04x:%02x:%02x.0", properties.pciDomainID, properties.pciBusID, properties.pciDeviceID),
          .isa = absl::StrCat("sm_", properties.major, properties.minor),
          .driver = VersionText(driver),
          .runtime = VersionText(runtime),
          .processors = properties.multiProcessorCount,
          .memory_bytes = static_cast<int64_t>(properties.totalGlobalMem),
          .l2_bytes = properties.l2CacheSize,
          .clock_hz = kHzPerKhz * Attribute(cudaDevAttrClockRate, ordinal),
          .memory_clock_hz = kHzPerKhz * Attribute(cudaDevAttrMemoryClockRate, ordinal),
          .memory_bus_bits = properties.memoryBusWidth};
}

}  // namespace

FoundDevices FindDevices() {
  FoundDevices found;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (const absl::Status status = ToStatus(error, "no GPU is used: cudaGetDeviceCount"); !status.ok()) {
    const bool is_usual = error == cudaErrorNoDevice || (error == cudaErrorInsufficientDriver && !HasDriver());
    if (!is_usual) found.warnings.emplace_back(status.message());
    return found;
  }
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    const std::string what = absl::StrCat("cuda:", ordinal, " is not used: ");
    cudaDeviceProp properties;
    const absl::Status status = ToStatus(cudaGetDeviceProperties(&properties, ordinal), "cudaGetDeviceProperties");
    if (!status.ok()) {
      found.warnings.push_back(what + std::string(status.message()));
    } else if (!HaveCodeFor(ACTBENCH_CUDA_ARCHITECTURES, properties.major, properties.minor)) {
      found.warnings.push_back(absl::StrCat(what, properties.name, " is sm_", properties.major, properties.minor,
                                            "; the kernels are compiled for " ACTBENCH_CUDA_ARCHITECTURES));
    } else {
      found.devices.push_back(Describe(ordinal, properties));
    }
  }
  return found;
}

int CudaDevice::MakeReady() const {
  if (is_ready_.load(std::memory_order_acquire)) return cudaSuccess;
  const cudaError_t error = cudaInitDevice(ordinal_, cudaDeviceScheduleBlockingSync, cudaInitDeviceFlagsAreValid);
  is_ready_.store(error == cudaSuccess, std::memory_order_release);
  return static_cast<int>(error);
}

template <class Call>
absl::Status CudaDevice::Do(const char* what, const Call& call) const {
  auto error = static_cast<cudaError_t>(MakeReady());
  if (error == cudaSuccess) error = cudaSetDevice(ordinal_);
  if (error == cudaSuccess) error = call();
  return ToStatus(error, what);
}

absl::StatusOr<void*> CudaDevice::Allocate(size_t bytes) {
  void* memory = nullptr;
  if (absl::Status status = Do("cudaMalloc", [&] { return cudaMalloc(&memory, bytes); }); !status.ok()) return status;
  return memory;
}

void CudaDevice::Free(void* memory) {
  Do("cudaFree", [&] { return cudaFree(memory); }).IgnoreError();
}

absl::StatusOr<void*> CudaDevice::AllocatePinned(size_t bytes) {
  void* memory = nullptr;
  absl::Status status = Do("cudaHostAlloc", [&] { return cudaHostAlloc(&memory, bytes, cudaHostAllocDefault); });
  if (!status.ok()) return status;
  return memory;
}

void CudaDevice::FreePinned(void* memory) {
  Do("cudaFreeHost", [&] { return cudaFreeHost(memory); }).IgnoreError();
}

absl::StatusOr<Stream> CudaDevice::CreateStream() {
  cudaStream_t stream = nullptr;
  absl::Status status =
      Do("cudaStreamCreateWithFlags", [&] { return cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking); });
  if (!status.ok()) return status;
  return static_cast<Stream>(stream);
}

void CudaDevice::DestroyStream(Stream stream) {
  Do("cudaStreamDestroy", [&] { return cudaStreamDestroy(static_cast<cudaStream_t>(stream)); }).IgnoreError();
}

absl::StatusOr<Event> CudaDevice::CreateEvent() {
  cudaEvent_t event = nullptr;
  if (absl::Status status = Do("cudaEventCreate", [&] { return cudaEventCreate(&event); }); !status.ok()) return status;
  return static_cast<Event>(event);
}

void CudaDevice::DestroyEvent(Event event) {
  Do("cudaEventDestroy", [&] { return cudaEventDestroy(static_cast<cudaEvent_t>(event)); }).IgnoreError();
}

absl::Status CudaDevice::CopyToDevice(void* device, const void* pinned, size_t bytes, Stream stream) {
  return Do("cudaMemcpyAsync", [&] {
    return cudaMemcpyAsync(device, pinned, bytes, cudaMemcpyHostToDevice, static_cast<cudaStream_t>(stream));
  });
}

absl::Status CudaDevice::CopyFromDevice(void* pinned, const void* device, size_t bytes, Stream stream) {
  return Do("cudaMemcpyAsync", [&] {
    return cudaMemcpyAsync(pinned, device, bytes, cudaMemcpyDeviceToHost, static_cast<cudaStream_t>(stream));
  });
}

absl::Status CudaDevice::CopyOnDevice(void* to, const void* from, size_t bytes, Stream stream) {
  return Do("cudaMemcpyAsync", [&] {
    return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, static_cast<cudaStream_t>(stream));
  });
}

absl::Status CudaDevice::Clear(void* device, size_t bytes, Stream stream) {
  return Do("cudaMemsetAsync", [&] { return cudaMemsetAsync(device, 0, bytes, static_cast<cudaStream_t>(stream)); });
}

template <class Call>
absl::Status CudaDevice::DoByLibrary(const Call& call) const {
  absl::Status status = Do("cudaSetDevice", [] { return cudaSuccess; });
  return status.ok() ? call() : status;
}

absl::Status CudaDevice::Load(const LaunchRow& row) {
  if (row.library != nullptr) return DoByLibrary([&] { return row.library->load(ordinal_); });
  if (row.load == nullptr) return absl::OkStatus();
  return Do("cudaFuncGetAttributes", [&] { return static_cast<cudaError_t>(row.load()); });
}

absl::Status CudaDevice::Run(const LaunchRow& row, Launch launch, Stream stream) {
  launch.processor_count = processors_;
  launch.stream = stream;
  if (row.library != nullptr) return DoByLibrary([&] { return row.library->launch(launch, ordinal_); });
  return Do("kernel launch", [&] { return static_cast<cudaError_t>(row.launch(launch)); });
}

absl::Status CudaDevice::Record(Event event, Stream stream) {
  return Do("cudaEventRecord", [&] {
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    const auto on = static_cast<cudaStream_t>(stream);
    if (const cudaError_t error = cudaStreamIsCapturing(on, &capture); error != cudaSuccess) return error;
    // In a graph an event would else only order its nodes, and not be there to be read.
    const bool in_graph = capture == cudaStreamCaptureStatusActive;
    return cudaEventRecordWithFlags(static_cast<cudaEvent_t>(event), on,
                                    in_graph ? cudaEventRecordExternal : cudaEventRecordDefault);
  });
}

absl::Status CudaDevice::BeginCapture(Stream stream) {
  return Do("cudaStreamBeginCapture", [&] {
    return cudaStreamBeginCapture(static_cast<cudaStream_t>(stream), cudaStreamCaptureModeThreadLocal);
  });
}

absl::StatusOr<Graph> CudaDevice::EndCapture(Stream stream) {
  cudaGraph_t captured = nullptr;
  absl::Status status =
      Do("cudaStreamEndCapture", [&] { return cudaStreamEndCapture(static_cast<cudaStream_t>(stream), &captured); });
  if (!status.ok()) return status;
  cudaGraphExec_t graph = nullptr;
  status = Do("cudaGraphInstantiate", [&] { return cudaGraphInstantiate(&graph, captured, 0); });
  Do("cudaGraphDestroy", [&] { return cudaGraphDestroy(captured); }).IgnoreError();
  if (!status.ok()) return status;
  return static_cast<Graph>(graph);
}

absl::Status CudaDevice::LaunchGraph(Graph graph, Stream stream) {
  return Do("cudaGraphLaunch",
            [&] { return cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), static_cast<cudaStream_t>(stream)); });
}

void CudaDevice::DestroyGraph(Graph graph) {
  Do("cudaGraphExecDestroy", [&] { return cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph)); }).IgnoreError();
}

absl::Status CudaDevice::Wait(Stream stream) {
  return Do("cudaStreamSynchronize", [&] { return cudaStreamSynchronize(static_cast<cudaStream_t>(stream)); });
}

absl::StatusOr<int64_t> CudaDevice::Nanoseconds(Event from, Event to) {
  float milliseconds = 0;
  absl::Status status = Do("cudaEventElapsedTime", [&] {
    return cudaEventElapsedTime(&milliseconds, static_cast<cudaEvent_t>(from), static_cast<cudaEvent_t>(to));
  });
  if (!status.ok()) return status;
  constexpr double kNanosecondsPerMillisecond = 1e6;
  return static_cast<int64_t>(milliseconds * kNanosecondsPerMillisecond);
}

}  // namespace actbench::cuda
