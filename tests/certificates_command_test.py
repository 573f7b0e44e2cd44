#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`actbench certificates` run as a process, and what `actbench accuracy` makes of stored certificates."""
import concurrent.futures
import json
import os
import re
import sqlite3
import unittest

import grpc

from accuracy_case import MEMBERS, AccuracyTest
from command_case import run


class NoService(grpc.GenericRpcHandler):
    """Answers as gRPC does where no service is of that name."""

    def service(self, handler_call_details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, ""))


class CertificatesTest(AccuracyTest):

    def exhaustive(self, *arguments):
        return self.succeed(*arguments, "accuracy", "tanh", "--dtype", "f16", "--isa", "scalar", "--exhaustive")

    def test_wrong_usage_is_status_2(self):
        self.assertIn("no command", self.fail_with("certificates"))
        self.assertIn("ID", self.fail_with("certificates", "show"))
        for arguments, reason in [(["0123456789abcdef"], "none: a FILE ends in .json"), (["all"], "none"), ([], "needs a FILE"),
                                  (["x.json", "y.json"], "one FILE"), (["-", "0123456789abcdef"], "none")]:
            self.assertIn(reason, self.fail_with("certificates", "export", *arguments), arguments)

    def test_files_that_cannot_be_written_or_read_are_told(self):
        self.assertIn("cannot write /", self.fail_with("certificates", "export", "/"))
        self.assertIn("missing", self.fail_with("certificates", "import", self.path("missing")))

    def test_a_stored_one_is_shown_instead_of_samples(self):
        arguments = ["accuracy", "tanh", "--dtype", "f16", "--isa", "scalar"]
        self.assertNotIn("certificate", self.exhaustive())
        stored = self.succeed(*arguments, "--binades")
        self.assertRegex(stored, r" 2\^16 .*\(certificate of \d{4}-\d\d-\d\d \d\d:\d\d UTC\)\n")
        self.assertIn("2^-14", stored)
        self.assertNotIn("certificate", self.succeed(*arguments, "--samples", "100"))
        self.assertNotIn("certificate", self.succeed("accuracy", "tanh", "--dtype", "bf16", "--isa", "scalar"))
        with_parameter = ["accuracy", "swish", "--dtype", "f16", "--isa", "scalar"]
        self.succeed(*with_parameter)
        self.assertIn("(certificate of ", self.succeed(*with_parameter, "--param", "beta=1"))
        self.assertNotIn("certificate", self.succeed(*with_parameter, "--param", "beta=1.5"))

    def test_what_is_measured_by_default_is_stored_and_found(self):
        for dtype in ["f16", "bf16"]:
            arguments = ["accuracy", "tanh", "--dtype", dtype, "--isa", "scalar", "--direction", "all"]
            self.assertNotIn("certificate", self.succeed(*arguments))
            again = self.succeed(*arguments)
            self.assertEqual(again.count("(certificate of "), 2, again)
            self.assertEqual(again.count(" exhaustive, dy = 1  "), 1, again)
            self.assertNotIn("certificate", self.succeed(*arguments, "--exhaustive", "--unit_upstream"))
        self.assertEqual(len(self.succeed("certificates", "list").splitlines()), 1 + 8)

    def test_one_of_all_pairs_is_preferred(self):
        arguments = ["tanh", "--dtype", "f16", "--isa", "scalar", "--direction", "gradient"]
        ids = [self.measure(*arguments, *flags)[0]["certificate"] for flags in [[], ["--exhaustive", "--unit_upstream"]]]
        self.assertEqual(self.measure(*arguments)[0]["certificate"], ids[1])
        # All pairs take long to measure, so one is only called that.
        for identity in ids:
            with self.database() as database:
                database.execute("UPDATE certificates SET mode = iif(id = ?, 'exhaustive', 'exhaustive_unit_upstream')",
                                 [identity])
            self.assertEqual(self.measure(*arguments)[0]["certificate"], identity)

    def test_a_lock_of_another_process_is_told_and_the_rest_is_tried(self):
        self.exhaustive()
        identity = self.succeed("certificates", "list").splitlines()[1].split()[0]
        with self.database() as database:
            database.execute("BEGIN IMMEDIATE")
            result = run("certificates", "delete", identity, "no_such_id")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        locked, missing = result.stderr.splitlines()
        self.assertRegex(locked, f"^actbench: the certificate {identity} stays: .*locked")
        self.assertRegex(missing, "no_such_id.*; 'actbench certificates list' has them all$")
        self.assertIn(identity, self.succeed("certificates", "delete", identity))

    def test_a_server_without_the_service_is_told_once(self):
        other = grpc.server(concurrent.futures.ThreadPoolExecutor())
        self.addCleanup(other.stop, None)
        other.add_generic_rpc_handlers([NoService()])
        port = other.add_insecure_port("127.0.0.1:0")
        other.start()
        error = self.fail_with("--server", f"127.0.0.1:{port}", "certificates", "delete", "0123", "4567")
        self.assertIn("does not offer this service", error)

    def database(self):
        return sqlite3.connect(os.path.join(os.environ["ACTBENCH_STATE_DIR"], "actbench.sqlite"))

    def test_they_are_listed_and_shown(self):
        self.assertEqual(len(self.succeed("certificates", "list").splitlines()), 1)
        self.exhaustive()
        header, line = self.succeed("certificates", "list", "tanh", "--dtype", "f16").splitlines()
        self.assertEqual(header.split()[:3], ["id", "kernel", "device"])
        identity, name = line.split()[:2]
        self.assertEqual(name, "tanh/forward/f16/actbench/fast/scalar")
        self.assertEqual(len(self.succeed("certificates", "list", "--dtype", "f32").splitlines()), 1)
        text = self.succeed("certificates", "show", identity)
        for part in [name, "65,536", "build id", "worst x", "special value"]:
            self.assertIn(part, text)
        shown = json.loads(self.succeed("certificates", "show", identity, "--json"))
        self.assertEqual(list(shown), MEMBERS)
        self.assertEqual(shown["certificate"], identity)
        self.assertIn("no_such_id", self.fail_with("certificates", "show", "no_such_id"))

    def test_they_are_deleted(self):
        for isa in ["scalar", "all"]:
            self.succeed("accuracy", "tanh", "--dtype", "f16,bf16", "--isa", isa, "--exhaustive")
        listed = self.succeed("certificates", "list").splitlines()[1:]
        ids = [line.split()[0] for line in listed]
        self.assertGreaterEqual(len(ids), 3)
        result = run("certificates", "delete", ids[0], "no_such_id", ids[1][:8])
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stdout, f"deleted {ids[0]}\ndeleted {ids[1]}\n")
        self.assertRegex(result.stderr, r'^actbench: there is no certificate with the id "no_such_id".*\n$')
        self.assertEqual(self.succeed("certificates", "list").splitlines()[1:], listed[2:])
        self.assertEqual(self.succeed("certificates", "delete", *ids[2:]).count("deleted"), len(ids) - 2)
        self.assertIn(ids[0], self.fail_with("certificates", "delete", ids[0]))
        self.assertIn("ID", self.fail_with("certificates", "delete"))

    def test_what_is_not_saved_is_told(self):
        server = self.start_server("--state_dir", "none")
        connection = ["--server", server.address]
        self.exhaustive(*connection)
        self.assertRegex(self.succeed(*connection, "certificates", "list"), r" unsaved *\n")
        self.exhaustive()
        self.assertNotIn("unsaved", self.succeed("certificates", "list"))

    def test_a_state_that_cannot_be_used_is_told(self):
        self.exhaustive()
        file = self.path("certificates.json")
        self.succeed("certificates", "export", file)
        with self.database() as database:
            database.execute("PRAGMA user_version = 1000")
        reason = r"^actbench: {} as .*/actbench\.sqlite cannot be used: a later version .*\n$"
        for arguments, what in [(["list"], "nothing stored can be read,"), (["show", "0123"], "nothing stored can be read,"),
                                (["export", "-"], "nothing stored can be read,"), (["import", file], "nothing can be stored,"),
                                (["delete", "0123"], "nothing stored can be read,")]:
            self.assertRegex(self.fail_with("certificates", *arguments), reason.format(what))
        for command in ["show", "export", "delete"]:
            self.assertRegex(self.fail_with("runs", command, "a", *["-"] * (command == "export")),
                             reason.format("nothing stored can be read,"))
        self.assertRegex(self.fail_with("runs", "list"), reason.format("nothing stored can be read,"))
        # Work goes on, with a warning.
        for command in [["accuracy", "tanh", "--dtype", "f16", "--isa", "scalar"], ["eval", "relu", "--values", "1"]]:
            result = run(*command)
            self.assertEqual(result.returncode, 0, result.stderr)
            warning, _, rest = result.stderr.partition("\n")
            self.assertRegex(warning + "\n", reason.format("warning: state is kept in memory and lost at the end,"))
            self.assertNotIn("warning", rest)
        # So says a server.
        server = self.start_server("--state_dir", self.path("state"))
        connection = ["--server", server.address]
        self.assertRegex(self.fail_with(*connection, "certificates", "import", file), reason.format("nothing can be stored,"))
        self.assertRegex(self.fail_with(*connection, "certificates", "list"), reason.format("nothing stored can be read,"))
        result = run(*connection, "accuracy", "tanh", "--dtype", "f16", "--isa", "scalar")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"warning: the server at {server.address}: state is kept in memory", result.stderr)

    def test_what_is_imported_is_kept_or_it_fails(self):
        self.exhaustive()
        file = self.path("certificates.json")
        self.succeed("certificates", "export", file)
        self.succeed("certificates", "delete", self.succeed("certificates", "list").splitlines()[1].split()[0])
        error = self.fail_with("certificates", "import", file, env={"ACTBENCH_STATE_DIR": "none"})
        self.assertIn("certificate 1 of 1: it cannot be saved", error)
        with self.database() as database:
            database.execute("BEGIN IMMEDIATE")
            result = run("certificates", "import", file)  # after the 5 s that it waits
        self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
        self.assertIn("warning: certificates are kept in memory", result.stderr)
        self.assertIn("it cannot be saved", result.stderr)

    def test_they_travel_between_servers(self):
        first = self.start_server("--state_dir", self.path("first"))
        second = self.start_server("--state_dir", self.path("second"))
        self.exhaustive("--server", first.address)
        path = self.path("certificates.json")
        self.succeed("--server", first.address, "certificates", "export", path)
        with open(path, encoding="utf-8") as file:
            exported = json.load(file)
        # Where it was measured it is found again, as it was.
        self.assertIn(f" as {exported[0]['id']}\n",
                      self.succeed("--server", first.address, "certificates", "import", path))
        self.assertEqual(json.loads(self.succeed("--server", first.address, "certificates", "export", "-")), exported)
        self.assertEqual([entry["kernel"]["activation"] for entry in exported], ["tanh"])
        self.assertRegex(self.succeed("--server", second.address, "certificates", "import", path),
                         r"^imported tanh/forward/f16/actbench/fast/scalar as \S+\n$")
        again = json.loads(self.succeed("--server", second.address, "certificates", "export", "all", "-"))
        for certificate in exported + again:
            del certificate["id"]
        for certificate in again:
            self.assertTrue(certificate.pop("imported"))
        self.assertEqual(exported, again)
        # Only what a server has measured itself stands for a measurement.
        measure = ("accuracy", "tanh", "--dtype", "f16", "--isa", "scalar")
        self.assertIn("(certificate of ", self.succeed("--server", first.address, *measure))
        self.assertNotIn("(certificate of ", self.succeed("--server", second.address, *measure))
        self.assertRegex(self.succeed("--server", second.address, "certificates", "list"), r"imported *\n")

    def test_damaged_and_foreign_files_are_told(self):
        path = self.path("x.json")
        for text, reason in [("", "not a JSON array"), ("{}", "not a JSON array"), ("[{]", "not JSON"),
                             ("[1]", "certificate 1 of 1"), ('[{"speed":1}]', "speed"), ("[{}]", "certificate 1 of 1")]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            error = self.fail_with("certificates", "import", path)
            self.assertIn(path, error)
            self.assertIn(reason, error)
        self.exhaustive()
        good = self.succeed("certificates", "export", "-")
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^\[", '[{"id":"x"},', good))
        result = run("certificates", "import", path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("certificate 1 of 2", result.stderr)
        self.assertRegex(result.stdout, r"^imported tanh/\S+ as \S+\n$")


if __name__ == "__main__":
    unittest.main()
