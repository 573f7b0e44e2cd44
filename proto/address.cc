// SPDX-License-Identifier: Apache-2.0
#include "proto/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace actbench {
namespace {

constexpr std::string_view kUnix = "unix:";

// Null if nothing is.
const char* WrongWithHost(std::string_view host, bool in_brackets) {
  if (host.empty()) return "there is no host";
  if (in_brackets) {
    const std::string number(host.substr(0, host.find('%')));
    in6_addr unused;
    if (::inet_pton(AF_INET6, number.c_str(), &unused) != 1) return "the host in brackets is not an IPv6 address";
    host.remove_prefix(std::min(number.size() + 1, host.size()));  // a zone may follow, after the %
  }
  for (const char c : host) {
    const bool usual = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
    if (!usual) return "the host is not a name or an address (IPv6 goes in brackets)";
  }
  return nullptr;
}

std::string Quoted(const std::string& address) { return absl::StrCat("\"", absl::Utf8SafeCEscape(address), "\""); }

}  // namespace

std::string HostPort::WithPort(int other) const {
  return in_brackets ? absl::StrCat("[", host, "]:", other) : absl::StrCat(host, ":", other);
}

absl::StatusOr<HostPort> ParseHostPort(const std::string& address) {
  const auto refuse = [&](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrCat(Quoted(address), ": ", why, "; it must be HOST:PORT, such as 127.0.0.1:50051"));
  };
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return refuse("there is no port");
  std::string host = address.substr(0, colon);
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (in_brackets) host = host.substr(1, host.size() - 2);
  if (const char* why = WrongWithHost(host, in_brackets); why != nullptr) return refuse(why);
  const std::string port = address.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  int number = 0;
  if (!digits || !absl::SimpleAtoi(port, &number) || number > 65535) {
    return refuse("the port is not a number from 0 to 65535");
  }
  return HostPort{host, number, in_brackets};
}

bool IsUnixAddress(const std::string& address) { return address.starts_with(kUnix); }

std::string UnixPath(const std::string& address) {
  std::string_view path = address;
  path.remove_prefix(kUnix.size());
  if (path.starts_with("//")) path.remove_prefix(2);
  return std::string(path);
}

absl::Status CheckForm(const std::string& address) {
  if (!IsUnixAddress(address)) {
    const absl::Status status = ParseHostPort(address).status();
    return status.ok() ? status : absl::InvalidArgumentError(absl::StrCat(status.message(), ", or unix:PATH"));
  }
  const size_t length = UnixPath(address).size();
  constexpr size_t kMaxLength = sizeof(sockaddr_un::sun_path) - 1;
  if (length >= 1 && length <= kMaxLength) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(address), ": the path has ", length, " bytes; it must have 1 to ", kMaxLength));
}

}  // namespace actbench
