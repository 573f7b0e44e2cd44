// SPDX-License-Identifier: Apache-2.0
#include "client/load_generator.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "client/pacer.h"

namespace actbench::client {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using Time = Pacer::Time;

// A request that could not be sent for so long is dropped, so that a generator that is too slow for its rate ends.
constexpr auto kLongestLateness = std::chrono::seconds(1);

// Threads that send, each waiting for an arrival of its own: to begin a call takes 0.1 ms and more, in which the next
// may come, and a thread may lose its processor. With three the p99 of lateness was a third of that with one (at 1,000
// requests a second on a busy machine with 2 cores), with four no less.
constexpr int kSenders = 3;

struct Arrival {
  Time intended;
  Time sent;
  bool measured;  // not of the warm-up
};

// Where the server's time for a request went, in nanoseconds.
struct ServerTimes {
  int64_t queue = 0;
  int64_t compute = 0;
  int64_t copy = 0;
};

// The first error of an item.
absl::Status StatusOf(const v1::EvaluateResponse& response) {
  for (const v1::EvaluateResult& result : response.results()) {
    if (result.status().code() == 0) continue;
    return absl::Status(static_cast<absl::StatusCode>(result.status().code()), result.status().message());
  }
  return response.results().empty() ? absl::InternalError("the server gave no result") : absl::OkStatus();
}

// Items have a queue time each, that of the second with the first one's work in it.
ServerTimes TimesOf(const v1::EvaluateResponse& response) {
  ServerTimes times = {.queue = response.results(0).times().queue_ns()};
  for (const v1::EvaluateResult& result : response.results()) {
    times.queue = std::min(times.queue, result.times().queue_ns());
    times.compute += result.times().compute_ns();
    times.copy += result.times().copy_ns();
  }
  return times;
}

// Takes down what becomes of each arrival. Thread-safe.
class Recorder {
 public:
  Recorder(const LoadPlan& plan, Time measured_from) : plan_(plan), measured_from_(measured_from) {
    result_.rate = plan.rate;
  }

  // Whether to send it; if so it is in flight until End.
  bool Begin(const Arrival& arrival) {
    const absl::MutexLock lock(&mutex_);
    const int64_t one = arrival.measured ? 1 : 0;
    result_.arrivals += one;
    if (arrival.sent - arrival.intended > kLongestLateness) {
      result_.dropped_late += one;
      return false;
    }
    if (in_flight_ >= plan_.max_in_flight) {
      result_.dropped_in_flight += one;
      return false;
    }
    ++in_flight_;
    if (arrival.measured) result_.lateness.Record((arrival.sent - arrival.intended).count());
    return true;
  }

  void End(const Arrival& arrival, const absl::StatusOr<v1::EvaluateResponse>& response) {
    const Time now = steady_clock::now();
    const absl::Status status = response.ok() ? StatusOf(*response) : response.status();
    const ServerTimes times = status.ok() ? TimesOf(*response) : ServerTimes();
    const absl::MutexLock lock(&mutex_);
    --in_flight_;
    if (!arrival.measured) return;
    if (!status.ok()) return RecordError(status);
    ++result_.succeeded;
    result_.seconds_to_last_success = std::max(result_.seconds_to_last_success, Seconds(now - measured_from_));
    if (now - arrival.intended <= plan_.slo_limit) ++result_.within_slo;
    result_.latency.Record((now - arrival.intended).count());
    result_.queue.Record(times.queue);
    result_.compute.Record(times.compute);
    result_.copy.Record(times.copy);
    result_.rest.Record((now - arrival.sent).count() - times.queue - times.compute - times.copy);
  }

  // After the last arrival. Waits until all that was sent has ended.
  LoadResult Finish(const Cancellation& cancellation) {
    const double seconds = Seconds(steady_clock::now() - measured_from_);
    const double planned = Seconds(plan_.duration);
    const bool stopped = cancellation.cancelled();
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](int64_t* in_flight) { return *in_flight == 0; }, &in_flight_));
    result_.seconds = stopped ? std::clamp(seconds, 0.0, planned) : planned;
    result_.interrupted = cancellation.cancelled();
    return std::move(result_);
  }

 private:
  static double Seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

  void RecordError(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (absl::IsCancelled(status)) {
      ++result_.unfinished;
      return;
    }
    const std::string code = absl::StatusCodeToString(status.code());
    if (result_.errors.empty()) result_.first_error = absl::StrCat(code, ": ", std::string(status.message()));
    ++result_.errors[code];
  }

  const LoadPlan plan_;
  const Time measured_from_;
  absl::Mutex mutex_;
  int64_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  LoadResult result_ ABSL_GUARDED_BY(mutex_);
};

// Who sends which arrival when. Thread-safe.
class Timetable {
 public:
  Timetable(const LoadPlan& plan, Time start)
      : start_(start), schedule_(plan.arrivals, plan.rate, (plan.warm_up + plan.duration).count(), plan.seed) {}

  // The time of the next arrival, once each; none once the load is over. Which client's turn it is goes to `turn`.
  std::optional<Time> Next(size_t& turn) {
    const absl::MutexLock lock(&mutex_);
    const std::optional<int64_t> next = schedule_.Next();
    if (!next.has_value()) return std::nullopt;
    turn = turn_++;
    return start_ + nanoseconds(*next);
  }

 private:
  const Time start_;
  absl::Mutex mutex_;
  Schedule schedule_ ABSL_GUARDED_BY(mutex_);
  size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

LoadResult GenerateLoad(absl::Span<Client> clients, const v1::EvaluateRequest& request, const LoadPlan& plan,
                        const Cancellation& cancellation) {
  const Time start = steady_clock::now();
  const Time measured_from = start + plan.warm_up;
  // Shared with the calls: the last one may still leave it when it has told that it is the last.
  const auto recorder = std::make_shared<Recorder>(plan, measured_from);
  Timetable timetable(plan, start);
  const auto send = [&] {
    Pacer pacer(cancellation);
    size_t turn = 0;
    while (const std::optional<Time> intended = timetable.Next(turn)) {
      if (!pacer.WaitUntil(*intended)) break;
      const Arrival arrival = {*intended, steady_clock::now(), *intended >= measured_from};
      if (!recorder->Begin(arrival)) continue;
      clients[turn % clients.size()].EvaluateBatchAsync(
          request, [recorder, arrival](const absl::StatusOr<v1::EvaluateResponse>& response) {
            recorder->End(arrival, response);
          });
    }
  };
  std::vector<std::thread> senders;
  for (int i = 1; i < kSenders; ++i) senders.emplace_back(send);
  send();
  for (std::thread& sender : senders) sender.join();
  return recorder->Finish(cancellation);
}

}  // namespace actbench::client
