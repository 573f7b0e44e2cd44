// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/device_queue.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace actbench::cuda {
namespace {

// Chunks of a run on the way at a time: one on its way to the device, one that is computed, one on its way back.
constexpr size_t kSlotsPerRun = 3;
// More slots than this keep no link busier.
constexpr size_t kMostSlots = 16;
// Runs in one chunk up to this size are repeated by a graph: there the calls take longer than the work.
constexpr size_t kGraphBytes = size_t{256} << 10;
// That a slot keeps.
constexpr size_t kMostGraphs = 8;

using Clock = std::chrono::steady_clock;

int64_t NanosecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

}  // namespace

// A stream, memory for one chunk in the host and on the device, and the graphs made of it, the latest first.
struct DeviceQueue::Slot {
  enum Moment { kStarted, kArrived, kComputed, kReturned, kMoments };

  // Of work that was given to the device at least once; without a graph until it comes again.
  struct KnownWork {
    std::string key;
    OwnedGraph graph;
  };

  char* device_at(size_t offset) const { return static_cast<char*>(device.get()) + offset; }
  char* pinned_at(size_t offset) const { return static_cast<char*>(pinned.get()) + offset; }

  OwnedStream stream;
  std::array<OwnedEvent, kMoments> events;
  OwnedMemory device;
  OwnedPinned pinned;
  std::vector<KnownWork> known;
};

// One run.
struct DeviceQueue::Work {
  const QueuedProgram& program;
  absl::Span<const HostTensor> tensors;
  bool by_graph;
};

DeviceQueue::DeviceQueue(std::string name, Device& device, const QueueLimits& limits)
    : name_(std::move(name)), device_(device), limits_(limits) {}

DeviceQueue::~DeviceQueue() = default;

absl::Status DeviceQueue::health() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

QueueCounts DeviceQueue::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

size_t DeviceQueue::most_slots() const {
  return std::min({kMostSlots, limits_.device_bytes / limits_.chunk_bytes, limits_.pinned_bytes / limits_.chunk_bytes});
}

size_t DeviceQueue::ChunkBytesFor(size_t bytes) const {
  constexpr size_t kChunks = 8;
  constexpr size_t kLeast = size_t{512} << 10;
  return std::min(limits_.chunk_bytes, std::max(bytes / kChunks, kLeast));
}

absl::Status DeviceQueue::Noted(const absl::Status& status) {
  if (!absl::IsUnavailable(status)) return status;
  {
    const std::lock_guard lock(mutex_);
    if (lost_.ok()) lost_ = absl::UnavailableError(absl::StrCat("device ", name_, " is lost: ", status.message()));
  }
  released_.notify_all();
  return health();
}

absl::StatusOr<std::unique_ptr<DeviceQueue::Slot>> DeviceQueue::MakeSlot() {
  auto slot = std::make_unique<Slot>();
  absl::Status status = Take(device_, device_.CreateStream(), slot->stream);
  for (OwnedEvent& event : slot->events) {
    if (status.ok()) status = Take(device_, device_.CreateEvent(), event);
  }
  if (status.ok()) status = Take(device_, device_.Allocate(limits_.chunk_bytes), slot->device);
  if (status.ok()) status = Take(device_, device_.AllocatePinned(limits_.chunk_bytes), slot->pinned);
  if (!status.ok()) return status;
  return slot;
}

absl::StatusOr<DeviceQueue::Slot*> DeviceQueue::Acquire(bool wait) {
  std::unique_lock lock(mutex_);
  if (most_slots() == 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "device ", name_, ": its budgets are ", limits_.device_bytes, " bytes of its memory (--gpu_memory_bytes) and ",
        limits_.pinned_bytes, " of the host's (--gpu_pinned_bytes); a chunk takes ", limits_.chunk_bytes, " of each"));
  }
  for (;;) {
    if (!lost_.ok()) return lost_;
    if (!wait && waiting_ > 0) return nullptr;
    if (!idle_.empty()) {
      Slot* const slot = idle_.back();
      idle_.pop_back();
      return slot;
    }
    if (!no_more_slots_ && slots_.size() + slots_in_making_ < most_slots()) {
      if (absl::Status status = AddSlot(lock); !status.ok()) return status;
      continue;
    }
    if (!wait) return nullptr;
    ++waiting_;
    released_.wait(lock);
    --waiting_;
  }
}

absl::Status DeviceQueue::AddSlot(std::unique_lock<std::mutex>& lock) {
  ++slots_in_making_;
  lock.unlock();
  absl::StatusOr<std::unique_ptr<Slot>> slot = MakeSlot();
  lock.lock();
  --slots_in_making_;
  if (slot.ok()) {
    idle_.push_back(slot->get());
    slots_.push_back(*std::move(slot));
    counts_.device_bytes += limits_.chunk_bytes;
    counts_.pinned_bytes += limits_.chunk_bytes;
    return absl::OkStatus();
  }
  const bool has_others = !slots_.empty() || slots_in_making_ > 0;
  no_more_slots_ = has_others;
  if (!has_others) released_.notify_all();  // who waited for this one tries it for itself
  return has_others && !absl::IsUnavailable(slot.status()) ? absl::OkStatus() : slot.status();
}

void DeviceQueue::Release(Slot* slot) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(slot);
    no_more_slots_ = false;
  }
  released_.notify_one();
}

absl::Status DeviceQueue::Run(const QueuedProgram& program, absl::Span<const HostTensor> tensors, DeviceTimes& times) {
  std::vector<size_t> elements;
  size_t bytes = 0;
  for (const HostTensor& tensor : tensors) {
    elements.push_back(tensor.elements);
    bytes += tensor.elements * program.shape.bytes();
  }
  const std::vector<Chunk> chunks = CutIntoChunks(elements, program.shape, ChunkBytesFor(bytes));
  const Clock::time_point start = Clock::now();
  std::vector<Slot*> slots;
  absl::Status status;
  while (status.ok() && slots.size() < std::min(chunks.size(), kSlotsPerRun)) {
    const absl::StatusOr<Slot*> slot = Acquire(/*wait=*/slots.empty());
    // With fewer it takes longer, unless there are none or the device is lost.
    const bool is_needed = slots.empty() || absl::IsUnavailable(slot.status());
    if (is_needed) status = slot.status();
    if (!slot.ok() || *slot == nullptr) break;
    slots.push_back(*slot);
  }
  if (status.ok() && !slots.empty()) status = Load(*program.row);
  times.waiting_ns += NanosecondsSince(start);
  const bool by_graph = chunks.size() == 1 && chunks[0].bytes() <= kGraphBytes;
  if (status.ok()) status = RunChunks({program, tensors, by_graph}, chunks, slots, times);
  status = Noted(status);
  for (Slot* const slot : slots) Release(slot);
  return status;
}

absl::Status DeviceQueue::Load(const LaunchRow& row) {
  {
    const std::lock_guard lock(mutex_);
    if (loaded_.contains(&row)) return absl::OkStatus();
  }
  absl::Status status = device_.Load(row);
  if (!status.ok()) return status;
  const std::lock_guard lock(mutex_);
  loaded_.insert(&row);
  return status;
}

absl::Status DeviceQueue::Wait(const Slot& slot) {
  const absl::Status status = device_.Wait(slot.stream.get());
  return status.ok() ? status : absl::UnavailableError(status.message());
}

absl::Status DeviceQueue::RunChunks(const Work& work, const std::vector<Chunk>& chunks, const std::vector<Slot*>& slots,
                                    DeviceTimes& times) {
  absl::Status status;
  size_t started = 0;
  size_t finished = 0;
  while (status.ok() && finished < chunks.size()) {
    if (started < chunks.size() && started - finished < slots.size()) {
      status = Start(work, chunks[started], *slots[started % slots.size()], times);
      ++started;
    } else {
      status = Finish(work, chunks[finished], *slots[finished % slots.size()], times);
      ++finished;
    }
  }
  // Nothing may be under way in the memory of a slot that others get.
  for (; finished < started; ++finished) {
    if (absl::Status waited = Wait(*slots[finished % slots.size()]); !waited.ok()) status = waited;
  }
  return status;
}

absl::Status DeviceQueue::Start(const Work& work, const Chunk& chunk, Slot& slot, DeviceTimes& times) {
  const Clock::time_point start = Clock::now();
  const ElementShape& shape = work.program.shape;
  for (const ChunkPiece& piece : chunk.pieces) {
    for (size_t i = 0; i < shape.input_count; ++i) {
      const char* const input = static_cast<const char*>(work.tensors[piece.tensor].inputs[i]);
      std::memcpy(slot.pinned_at(piece.input_offsets[i]), input + piece.begin * shape.element_bytes,
                  piece.elements * shape.element_bytes);
    }
  }
  times.staging_ns += NanosecondsSince(start);
  absl::Status status = work.by_graph ? SubmitByGraph(work, chunk, slot) : Submit(work, chunk, slot);
  const std::lock_guard lock(mutex_);
  ++counts_.launches;
  return status;
}

absl::Status DeviceQueue::Submit(const Work& work, const Chunk& chunk, Slot& slot) {
  const ElementShape& shape = work.program.shape;
  std::vector<TensorBuffers> buffers;
  for (const ChunkPiece& piece : chunk.pieces) {
    TensorBuffers& tensor = buffers.emplace_back();
    tensor.elements = piece.elements;
    for (size_t i = 0; i < shape.input_count; ++i) tensor.inputs[i] = slot.device_at(piece.input_offsets[i]);
    for (size_t i = 0; i < shape.output_count; ++i) tensor.outputs[i] = slot.device_at(piece.output_offsets[i]);
  }
  const Launch launch = {.tensors = buffers.data(),
                         .tensor_count = buffers.size(),
                         .parameters = work.program.parameters.data(),
                         .processor_count = 0,
                         .stream_outputs = false,  // from the second-level cache they are copied to the host
                         .stream = nullptr};
  absl::Status status = device_.Record(slot.events[Slot::kStarted].get(), slot.stream.get());
  if (status.ok())
    status = device_.CopyToDevice(slot.device.get(), slot.pinned.get(), chunk.input_bytes, slot.stream.get());
  if (status.ok()) status = device_.Record(slot.events[Slot::kArrived].get(), slot.stream.get());
  if (status.ok()) status = device_.Run(*work.program.row, launch, slot.stream.get());
  if (status.ok()) status = device_.Record(slot.events[Slot::kComputed].get(), slot.stream.get());
  if (!status.ok()) return status;
  status = device_.CopyFromDevice(slot.pinned_at(chunk.input_bytes), slot.device_at(chunk.input_bytes),
                                  chunk.output_bytes, slot.stream.get());
  if (status.ok()) status = device_.Record(slot.events[Slot::kReturned].get(), slot.stream.get());
  return status;
}

absl::Status DeviceQueue::SubmitByGraph(const Work& work, const Chunk& chunk, Slot& slot) {
  std::string key = absl::StrCat(reinterpret_cast<uintptr_t>(work.program.row), ":");
  const std::vector<double>& parameters = work.program.parameters;
  key.append(reinterpret_cast<const char*>(parameters.data()), parameters.size() * sizeof(double));
  for (const ChunkPiece& piece : chunk.pieces) absl::StrAppend(&key, " ", piece.elements);
  auto known = std::find_if(slot.known.begin(), slot.known.end(), [&](const auto& it) { return it.key == key; });
  if (known == slot.known.end()) {
    if (absl::Status status = Submit(work, chunk, slot); !status.ok()) return status;
    if (slot.known.size() == kMostGraphs) slot.known.pop_back();
    slot.known.insert(slot.known.begin(), {.key = std::move(key), .graph = {}});
    return absl::OkStatus();
  }
  std::rotate(slot.known.begin(), known, known + 1);
  OwnedGraph& graph = slot.known.front().graph;
  if (graph == nullptr) {
    absl::Status status = Capture(
        device_, slot.stream.get(), [&] { return Submit(work, chunk, slot); }, graph);
    if (!status.ok()) return status;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_.graph_launches;
  }
  return device_.LaunchGraph(graph.get(), slot.stream.get());
}

absl::Status DeviceQueue::Finish(const Work& work, const Chunk& chunk, Slot& slot, DeviceTimes& times) {
  if (absl::Status status = Wait(slot); !status.ok()) return status;
  int64_t* const phases[] = {&times.to_device_ns, &times.compute_ns, &times.from_device_ns};
  for (size_t i = 0; i < std::size(phases); ++i) {
    const absl::StatusOr<int64_t> passed = device_.Nanoseconds(slot.events[i].get(), slot.events[i + 1].get());
    if (!passed.ok()) return passed.status();
    *phases[i] += *passed;
  }
  const Clock::time_point start = Clock::now();
  const ElementShape& shape = work.program.shape;
  for (const ChunkPiece& piece : chunk.pieces) {
    for (size_t i = 0; i < shape.output_count; ++i) {
      char* const output = static_cast<char*>(work.tensors[piece.tensor].outputs[i]);
      std::memcpy(output + piece.begin * shape.element_bytes, slot.pinned_at(piece.output_offsets[i]),
                  piece.elements * shape.element_bytes);
    }
  }
  times.staging_ns += NanosecondsSince(start);
  return absl::OkStatus();
}

}  // namespace actbench::cuda
