#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The image's and the stack's files: what keeps a container harmless is there, what they name exists.

  deploy_files_test.py [unittest's arguments]
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

SOURCE = pathlib.Path(__file__).parent.parent
DOCKERFILE = (SOURCE / "Dockerfile").read_text(encoding="utf-8")
VERSION = re.search(r"project\(actbench VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8"))[1]


class ComposeTest(unittest.TestCase):

    def setUp(self):
        self.stack = yaml.safe_load((SOURCE / "deploy/compose.yaml").read_text(encoding="utf-8"))
        self.services = self.stack["services"]

    def test_services_and_profile(self):
        self.assertEqual(set(self.services), {"actbench", "actbench-gpu", "example", "prometheus", "grafana"})
        self.assertEqual({name for name, service in self.services.items() if "profiles" in service}, {"actbench-gpu"})
        devices = self.services["actbench-gpu"]["deploy"]["resources"]["reservations"]["devices"]
        self.assertEqual(devices, [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}])

    def test_each_service_is_hardened(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])
                self.assertEqual(service["tmpfs"], ["/tmp"])
                self.assertTrue(service["mem_limit"] and service["pids_limit"])
                self.assertFalse({"privileged", "cap_add", "network_mode", "pid", "user"} & set(service))

    def test_ports_are_published_on_loopback_unless_asked_otherwise(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                self.assertRegex(port, r"^(127\.0\.0\.1|\$\{ACTBENCH_PUBLISH:-127\.0\.0\.1\}):\d+:\d+$", name)

    def test_images_are_pinned_by_version(self):
        for name, service in self.services.items():
            self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+$", name)
        for name in ("actbench", "actbench-gpu", "example"):
            self.assertTrue(self.services[name]["image"].endswith(":" + VERSION))

    def test_an_image_says_what_it_is_made_from(self):
        for name in ("actbench", "actbench-gpu"):
            arguments = self.services[name]["build"]["args"]
            self.assertEqual(arguments["VERSION"], VERSION)
            self.assertEqual(arguments["REVISION"], "${ACTBENCH_REVISION:-}")
            # What the image's file takes no argument of is nowhere.
            for argument in arguments:
                self.assertRegex(DOCKERFILE, rf"(?m)^ARG {argument}\b", name)

    def test_the_image_is_built_anew_for_what_is_in_it_alone(self):
        copied = [path for line in re.findall(r"(?m)^COPY (?!--)(.*) \S+$", DOCKERFILE) for path in line.split()]
        self.assertEqual(copied, ["deploy/install_packages.sh", "CMakeLists.txt", "proto/", "kernels/", "server/",
                                  "client/", "tests/data/digits_images.npy", "tests/data/digits_labels.npy", "LICENSE"])
        for path in copied:
            self.assertTrue((SOURCE / path).exists(), path)
        needed = re.findall(r"(?m)^ *add_subdirectory\((\w+)\)",
                            (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8"))
        self.assertLessEqual({f"{name}/" for name in needed} - {"tests/"}, set(copied))

    def test_callers_see_neither_prometheus_nor_grafana(self):
        networks = {name: set(service["networks"]) for name, service in self.services.items()}
        self.assertEqual(networks["example"], {"edge"})
        for name in ("prometheus", "grafana"):
            self.assertNotIn("edge", networks[name])
            self.assertIn("web", networks[name], "for its port")
        self.assertEqual({name for name, of in networks.items() if "metrics" in of}, set(self.services) - {"example"})
        self.assertEqual({name for name, network in self.stack["networks"].items() if network},
                         {"metrics"}, "the internal one")

    def test_what_is_mounted_exists(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((SOURCE / "deploy" / source).is_dir(), f"{name}: {source}")
                    self.assertTrue(volume.endswith(":ro"), f"{name}: {source}")
                else:
                    self.assertIn(source, self.stack["volumes"], name)

    def test_a_server_has_longer_to_stop_than_to_drain(self):
        drain, = re.findall(r"drain_timeout = absl::Seconds\((\d+)\)",
                            (SOURCE / "server/flags.h").read_text(encoding="utf-8"))
        margin, = re.findall(r"kMargin = absl::Seconds\((\d+)\)",
                             (SOURCE / "server/main.cc").read_text(encoding="utf-8"))
        for name in ("actbench", "actbench-gpu"):
            period = re.fullmatch(r"(\d+)s", self.services[name]["stop_grace_period"])[1]
            self.assertGreater(int(period), int(drain) + int(margin), name)

    def test_names_and_paths_agree_with_the_other_files(self):
        prometheus = yaml.safe_load((SOURCE / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        job, = prometheus["scrape_configs"]
        hosts = [target.split(":")[0] for targets in job["static_configs"] for target in targets["targets"]]
        self.assertEqual(set(hosts + job["dns_sd_configs"][0]["names"]), {"actbench", "actbench-gpu"})
        provisioning = SOURCE / "deploy/grafana/provisioning"
        sources = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text(encoding="utf-8"))
        self.assertEqual(sources["datasources"][0]["url"], "http://prometheus:9090")
        provider = yaml.safe_load((provisioning / "dashboards/actbench.yaml").read_text(encoding="utf-8"))["providers"]
        mounted = {volume.split(":")[1] for volume in self.services["grafana"]["volumes"]}
        self.assertIn(provider[0]["options"]["path"], mounted)
        home = self.services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue((SOURCE / "deploy/grafana/dashboards" / pathlib.Path(home).name).is_file())


class SpdxTest(unittest.TestCase):

    def make(self, status):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(status)
            file.flush()
            result = subprocess.run(
                [sys.executable, SOURCE / "deploy/make_spdx.py", "--version", "1.2.3", "--revision", "abc", "--created",
                 "0", file.name], capture_output=True, text=True, check=True)
        return result.stdout

    def test_installed_packages_are_listed(self):
        text = self.make("Package: libstdc++6\nStatus: install ok installed\nArchitecture: amd64\n"
                         "Version: 1:12.2.0-14\nDescription: one\n two\n\nPackage: gone\nStatus: deinstall ok config-files\n"
                         "Architecture: amd64\nVersion: 1\n")
        document = json.loads(text)
        ours, package = document["packages"]
        self.assertEqual((ours["name"], ours["versionInfo"]), ("actbench", "1.2.3+abc"))
        self.assertEqual((package["SPDXID"], package["versionInfo"]), ("SPDXRef-libstdc-2b--2b-6-amd64", "1:12.2.0-14"))
        self.assertEqual(package["externalRefs"][0]["referenceLocator"],
                         "pkg:deb/debian/libstdc%2B%2B6@1%3A12.2.0-14?arch=amd64")
        self.assertEqual(document["creationInfo"]["created"], "1970-01-01T00:00:00Z")

    def test_this_machine_is_listed_whole_and_alike_each_time(self):
        status = pathlib.Path("/var/lib/dpkg/status").read_text(encoding="utf-8")
        text = self.make(status)
        self.assertEqual(text, self.make(status))
        document = json.loads(text)
        identities = [package["SPDXID"] for package in document["packages"]]
        states = subprocess.run(["dpkg-query", "-W", "-f", "${Status}\n"], capture_output=True, text=True, check=True)
        self.assertEqual(len(identities), 1 + states.stdout.splitlines().count("install ok installed"))
        self.assertEqual(len(set(identities)), len(identities))
        for identity in identities:
            self.assertRegex(identity, r"^SPDXRef-[A-Za-z0-9.-]+$")
        related = {relation["relatedSpdxElement"] for relation in document["relationships"]}
        self.assertEqual(related, set(identities))


if __name__ == "__main__":
    unittest.main()
