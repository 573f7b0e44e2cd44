// SPDX-License-Identifier: Apache-2.0
// The program actbench-server in a process of its own: flags, what it prints, signals and exit status.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "tests/server_fixture.h"
#include "tests/temporary_directory.h"

extern char** environ;

namespace actbench {
namespace {

// Work for many seconds in many chunks: the definition is evaluated in f64.
v1::EvaluateRequest MakeSlowRequest() {
  v1::EvaluateRequest request;
  v1::EvaluateItem& item = *request.add_items();
  item.set_activation("gelu_erf");
  item.set_direction(v1::DIRECTION_GRADIENT);
  const std::vector<double> values(size_t{1} << 20, 1.25);
  *item.add_inputs() = MakeTensor(v1::DTYPE_F64, values);
  *item.add_inputs() = item.inputs(0);
  item.set_measure_error(true);
  return request;
}

// actbench-server in a process of its own. Started by posix_spawn, as fork is not safe beside gRPC's threads.
class ServerProcess {
 public:
  explicit ServerProcess(const std::vector<std::string>& flags, const std::vector<std::string>& environment = {}) {
    int out[2];
    int err[2];
    EXPECT_EQ(::pipe2(out, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(err, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    std::vector<std::string> arguments = {ACTBENCH_SERVER_PROGRAM};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    std::vector<std::string> variables = environment;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      // Those of the user are not the test's.
      if (!absl::StartsWith(*variable, "ACTBENCH_")) variables.emplace_back(*variable);
    }
    // Nor is what they have stored. Of two the first counts.
    variables.emplace_back("ACTBENCH_STATE_DIR=none");
    // Tests watch the workers.
    variables.emplace_back("ACTBENCH_SELF_CHECK=false");
    variables.emplace_back("ACTBENCH_ACCURACY_SAMPLE_RATE=0");
    EXPECT_EQ(::posix_spawn(&pid_, ACTBENCH_SERVER_PROGRAM, &actions, nullptr, Pointers(arguments).data(),
                            Pointers(variables).data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    out_ = ::fdopen(out[0], "r");
    err_ = ::fdopen(err[0], "r");
  }
  ~ServerProcess() {
    if (pid_ > 0) {
      Signal(SIGKILL);
      Wait();
    }
    std::fclose(out_);
    std::fclose(err_);
  }

  void Signal(int signal) const { ::kill(pid_, signal); }

  // Its exit status; 1000 + the signal that killed it.
  int Wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  // The next line of its standard output, without the end; empty after the last.
  std::string ReadLine() { return ReadLine(out_); }
  std::string ReadErrors() {
    std::string text;
    for (std::string line; !(line = ReadLine(err_)).empty();) text += line + "\n";
    return text;
  }

 private:
  static std::vector<char*> Pointers(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }
  static std::string ReadLine(FILE* file) {
    std::string line;
    for (int c; (c = std::fgetc(file)) != EOF && c != '\n';) line.push_back(static_cast<char>(c));
    return line;
  }

  pid_t pid_ = 0;
  FILE* out_ = nullptr;
  FILE* err_ = nullptr;
};

// A process that serves, its addresses read.
struct RunningServer {
  explicit RunningServer(std::vector<std::string> flags = {}, const std::vector<std::string>& environment = {})
      : process(WithAddresses(std::move(flags)), environment) {
    const std::string first = process.ReadLine();
    const std::string second = process.ReadLine();
    EXPECT_TRUE(first.starts_with("actbench-server: serving gRPC on 127.0.0.1:")) << first;
    EXPECT_TRUE(second.starts_with("actbench-server: serving metrics on 127.0.0.1:")) << second;
    address = first.substr(first.rfind(' ') + 1);
    metrics_address = second.substr(second.rfind(' ') + 1);
  }

  static std::vector<std::string> WithAddresses(std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--address=127.0.0.1:0", "--metrics_address=127.0.0.1:0"});
    return flags;
  }

  ServerProcess process;
  std::string address;
  std::string metrics_address;
};

TEST(ProgramTest, ServesPrintsItsAddressesAndStopsAtEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    RunningServer server;
    const auto stub = v1::EvaluationService::NewStub(Connect(server.address));
    grpc::ClientContext context;
    v1::EvaluateResponse response;
    EXPECT_TRUE(stub->Evaluate(&context, MakeRequest(10), &response).ok());
    EXPECT_EQ(MetricValue(FetchMetrics(server.metrics_address), "actbench_ready"), 1);
    server.process.Signal(signal);
    EXPECT_EQ(server.process.Wait(), 0);
    EXPECT_EQ(server.process.ReadLine(), "");
    ExpectContains(server.process.ReadErrors(), {"serving", server.address, "stopping", "stopped"});
  }
}

TEST(ProgramTest, AnswersEveryAcceptedRequestOfFourClientsAfterSigterm) {
  RunningServer server;
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      const auto stub = v1::EvaluationService::NewStub(Connect(server.address));
      const v1::EvaluateRequest request = MakeRequest(200'000);
      for (;; ++answered) {
        grpc::ClientContext context;
        context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
        v1::EvaluateResponse response;
        const grpc::Status status = stub->Evaluate(&context, request, &response);
        if (status.ok()) {
          EXPECT_EQ(response.results(0).outputs(0).data().size(), 800'000u);
          continue;
        }
        // Refused by the server, or because it is gone (where gRPC may say CANCELLED); the exit status tells that
        // nothing accepted was dropped.
        EXPECT_TRUE(status.error_code() == grpc::CANCELLED ||
                    (status.error_code() == grpc::UNAVAILABLE &&
                     (status.error_message().find("the server is stopping") != std::string::npos ||
                      status.error_message().find("failed to connect") != std::string::npos)))
            << status.error_code() << " " << status.error_message();
        return;
      }
    });
  }
  const absl::Time patience = absl::Now() + kPatience;
  while (answered < 40 && absl::Now() < patience) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_GE(answered, 40);
  server.process.Signal(SIGTERM);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(server.process.Wait(), 0);
}

TEST(ProgramTest, GivesUpAtTheDrainTimeoutWithStatus1) {
  RunningServer server({"--drain_timeout=200ms"});
  grpc::Status status;
  std::thread client([&] {
    const auto stub = v1::EvaluationService::NewStub(Connect(server.address));
    grpc::ClientContext context;
    v1::EvaluateResponse response;
    status = stub->Evaluate(&context, MakeSlowRequest(), &response);
  });
  EXPECT_TRUE(WaitForMetric(server.metrics_address, "actbench_queue_wait_seconds_count{class=\"interactive\"}", 1));
  server.process.Signal(SIGTERM);
  EXPECT_EQ(server.process.Wait(), 1);
  client.join();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
}

TEST(ProgramTest, ASecondSignalEndsItAtOnceWithStatus1) {
  RunningServer server({"--drain_timeout=1h"});
  std::thread client([&] {
    const auto stub = v1::EvaluationService::NewStub(Connect(server.address));
    grpc::ClientContext context;
    v1::EvaluateResponse response;
    EXPECT_EQ(stub->Evaluate(&context, MakeSlowRequest(), &response).error_code(), grpc::UNAVAILABLE);
  });
  EXPECT_TRUE(WaitForMetric(server.metrics_address, "actbench_queue_wait_seconds_count{class=\"interactive\"}", 1));
  server.process.Signal(SIGTERM);
  EXPECT_TRUE(WaitForMetric(server.metrics_address, "actbench_draining", 1));
  server.process.Signal(SIGTERM);
  EXPECT_EQ(server.process.Wait(), 1);
  client.join();
}

TEST(ProgramTest, ATakenPortIsAClearErrorWithStatus2) {
  RunningServer first;
  ServerProcess second({"--address", first.address, "--metrics_address=none"});
  EXPECT_EQ(second.Wait(), 2);
  EXPECT_EQ(second.ReadLine(), "");
  const std::string errors = second.ReadErrors();
  ExpectContains(errors, {first.address, "Address already in use"});
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  ServerProcess third({"--address=127.0.0.1:0", "--metrics_address", first.metrics_address});
  EXPECT_EQ(third.Wait(), 2);
  ExpectContains(third.ReadErrors(), {first.metrics_address});
}

TEST(ProgramTest, ServesOnWithoutStandardDescriptors) {
  const std::string path = testing::TempDir() + "actbench_program_test." + std::to_string(getpid()) + ".sock";
  // The shell closes them; what the server prints must not end up in a client's connection.
  const std::string command = std::string(ACTBENCH_SERVER_PROGRAM) + " --address unix:" + path +
                              " --metrics_address none --state_dir none --log_level debug <&- >&- 2>&- & echo $!";
  FILE* const shell = ::popen(command.c_str(), "r");
  int pid = 0;
  ASSERT_EQ(std::fscanf(shell, "%d", &pid), 1);
  ::pclose(shell);
  const auto stub = v1::EvaluationService::NewStub(Connect("unix:" + path));
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::EvaluateResponse response;
    const grpc::Status status = stub->Evaluate(&context, MakeRequest(10), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  ::kill(pid, SIGTERM);
  // It is no child of this process, so its end shows in the socket, which goes with it.
  const absl::Time deadline = absl::Now() + kPatience;
  while (std::filesystem::exists(path) && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ProgramTest, AnAddressThatOthersCanReachIsRefusedWithStatus2) {
  ServerProcess process({"--address=0.0.0.0:0"});
  EXPECT_EQ(process.Wait(), 2);
  ExpectContains(process.ReadErrors(), {"0.0.0.0:0", "--allow_insecure_bind"});
}

TEST(ProgramTest, HelpExplainsEveryFlagWithStatus0) {
  ServerProcess process({"--help"});
  std::string help;
  // Some lines are empty, so the last is known by its beginning.
  for (int empty = 0; empty < 10;) {
    const std::string line = process.ReadLine();
    empty = line.empty() ? empty + 1 : 0;
    help += line + "\n";
  }
  EXPECT_EQ(process.Wait(), 0);
  for (const char* flag : {"address",
                           "metrics_address",
                           "threads",
                           "allow_insecure_bind",
                           "max_message_bytes",
                           "max_tensor_elements",
                           "max_batch_items",
                           "max_queue_length",
                           "max_inflight_bytes",
                           "max_accuracy_samples",
                           "memory_quota",
                           "gpu_memory_bytes",
                           "gpu_pinned_bytes",
                           "max_benchmark_cases",
                           "max_benchmark_bytes",
                           "max_benchmark_seconds",
                           "max_runs",
                           "state_dir",
                           "accuracy_sample_rate",
                           "self_check",
                           "drain_timeout",
                           "log_level",
                           "log_format",
                           "version"}) {
    ExpectContains(help, {std::string("--") + flag});
  }
  ServerProcess version({"--version"});
  EXPECT_TRUE(version.ReadLine().starts_with("actbench-server "));
  EXPECT_EQ(version.Wait(), 0);
}

TEST(ProgramTest, MistakesInFlagsAreExplainedWithStatus2) {
  for (const char* flag :
       {"--no_such_flag", "--threads=many", "--threads=-1", "--max_queue_length=0", "--drain_timeout=soon",
        "--log_level=loud", "--log_format=xml", "--max_message_bytes=1", "--accuracy_sample_rate=1.5",
        "--self_check=maybe", "--address=nowhere", "--address=", "stray"}) {
    ServerProcess process({flag});
    EXPECT_EQ(process.Wait(), 2) << flag;
    EXPECT_FALSE(process.ReadErrors().empty()) << flag;
  }
  ServerProcess process({"--self_check"});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_EQ(process.ReadErrors(),
            "actbench-server: --self_check: no value is given; it takes true|false; see 'actbench-server --help'\n");
}

TEST(ProgramTest, KeepsItsStateInTheDirectoryThatIsGivenOrInThatOfTheUser) {
  const TemporaryDirectory directory;
  RunningServer({"--state_dir", directory.path() + "/given"});
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/given/actbench.sqlite"));
  RunningServer({}, {"ACTBENCH_STATE_DIR=", "XDG_STATE_HOME=" + directory.path()});
  EXPECT_TRUE(std::filesystem::exists(directory.path() + "/actbench/actbench.sqlite"));
  RunningServer({"--state_dir=none"}, {"XDG_STATE_HOME=" + directory.path() + "/unused"});
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/unused"));
}

TEST(ProgramTest, ServesOnAndSaysSoOnceWhereItsStateCannotBeKept) {
  RunningServer server({"--state_dir=/dev/null/state"});
  const auto stub = v1::EvaluationService::NewStub(Connect(server.address));
  grpc::ClientContext context;
  v1::EvaluateResponse response;
  EXPECT_TRUE(stub->Evaluate(&context, MakeRequest(10), &response).ok());
  EXPECT_EQ(MetricValue(FetchMetrics(server.metrics_address), "actbench_state_unsaved"), 1);
  server.process.Signal(SIGTERM);
  EXPECT_EQ(server.process.Wait(), 0);
  const std::string errors = server.process.ReadErrors();
  ExpectContains(errors, {"warning", "/dev/null/state/actbench.sqlite", "kept in memory"});
  EXPECT_EQ(errors.find("kept in memory"), errors.rfind("kept in memory"));
}

TEST(ProgramTest, TakesFlagsFromTheEnvironmentToo) {
  RunningServer server({}, {"ACTBENCH_THREADS=3", "ACTBENCH_MAX_MESSAGE_BYTES=5MiB", "ACTBENCH_LOG_FORMAT=json"});
  const auto stub = v1::CatalogService::NewStub(Connect(server.address));
  grpc::ClientContext context;
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(stub->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.threads(), 3);
  EXPECT_EQ(info.limits().message_size_bytes(), 5 << 20);
  server.process.Signal(SIGTERM);
  EXPECT_EQ(server.process.Wait(), 0);
  ExpectContains(server.process.ReadErrors(), {"\"message\":\"stopped\""});
  ServerProcess mistaken({}, {"ACTBENCH_THREADS=many"});
  EXPECT_EQ(mistaken.Wait(), 2);
}

}  // namespace
}  // namespace actbench
