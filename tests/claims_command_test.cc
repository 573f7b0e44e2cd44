// SPDX-License-Identifier: Apache-2.0
// `actbench accuracy --claims` of kernels that miss what they claim. Those that keep it: accuracy_command_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/command.h"
#include "kernels/catalog.h"
#include "tests/server_fixture.h"
#include "tests/wrong_kernel.h"

namespace actbench::client {
namespace {

using testing::HasSubstr;

// The relu of a kernel that is off by one part in two million: 4 to 8 ulp.
float NearlyRelu(float x) { return x > 0 ? x * (1 + 0x1p-21f) : x < 0 ? 0 : x; }

class ClaimsCommandTest : public testing::Test {
 protected:
  // Runs `actbench accuracy` with these arguments against a server of these kernels.
  void Run(const std::vector<std::unique_ptr<Backend>>& backends, const std::vector<std::string>& arguments) {
    const Catalog catalog(backends);
    ServerOptions options;
    options.catalog = &catalog;
    const std::unique_ptr<Server> server = StartServer(options);
    const ServerFlags flags = {.address = server->address()};
    CLI::App app;
    AddAccuracyCommand(app, flags, status_);
    std::vector<std::string> reversed = {arguments.rbegin(), arguments.rend()};  // as CLI11 wants them
    reversed.emplace_back("accuracy");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    app.parse(std::move(reversed));
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
  }

  int status_ = -1;
  std::string output_;
  std::string errors_;
};

TEST_F(ClaimsCommandTest, AKernelThatMissesItsClaimIsStatus1AndNamed) {
  Run(WrongBackendsOf<NearlyRelu>("relu"), {"relu", "--samples", "1000", "--claims"});
  EXPECT_EQ(status_, kAnswerIsNo);
  EXPECT_THAT(output_, HasSubstr("relu/forward/f32/actbench/fast/wrong"));
  EXPECT_THAT(errors_, testing::MatchesRegex("actbench: relu/forward/f32/actbench/fast/wrong misses its claim: "
                                             ">=[4-8]\\.[0-9]+ ulp, [0-9]+ misrounded; it claims 2 ulp\n"));
}

TEST_F(ClaimsCommandTest, TheJsonSaysThatTheClaimIsMissed) {
  Run(WrongBackendsOf<NearlyRelu>("relu"), {"relu", "--samples", "1000", "--json", "-"});
  EXPECT_EQ(status_, kSuccess) << "nobody asked";
  EXPECT_THAT(output_, HasSubstr(R"("claim":{"max_ulp":2.0,"correctly_rounded":false,"kept":false})"));
}

}  // namespace
}  // namespace actbench::client
