// SPDX-License-Identifier: Apache-2.0
// The commands. Each one lives in the file of its name: it adds itself to the parser with its flags, and runs, setting
// `exit_status`, when the command line has been parsed.
#ifndef ACTBENCH_CLIENT_COMMAND_H_
#define ACTBENCH_CLIENT_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/session.h"

namespace actbench::client {

// The arguments must outlive `app`.
void AddListCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddEvalCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddLoadCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddAccuracyCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddBenchCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddCompareCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddRunsCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddCertificatesCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddStudyCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
void AddReportCommand(CLI::App& app, const ServerFlags& server, int& exit_status);
CLI::App* AddHealthCommand(CLI::App& app, const ServerFlags& server, int& exit_status);

}  // namespace actbench::client

#endif  // ACTBENCH_CLIENT_COMMAND_H_
