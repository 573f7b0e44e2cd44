// SPDX-License-Identifier: Apache-2.0
#include "server/address.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "proto/address.h"

namespace actbench {
namespace {

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

absl::Status CannotListen(const std::string& address, const std::string& reason) {
  return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", address, ": ", reason));
}

absl::Status CheckUnixIsFree(const std::string& address) {
  const std::string path = UnixPath(address);
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    const size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    return ::access(directory.c_str(), W_OK | X_OK) == 0
               ? absl::OkStatus()
               : CannotListen(address, absl::StrCat(directory, ": ", std::strerror(errno)));
  }
  if (!S_ISSOCK(info.st_mode)) return CannotListen(address, "a file of this name exists and is no socket");
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof(name.sun_path) - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close = [socket] { ::close(socket); };
  // What a killed server leaves behind refuses connections.
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) return absl::OkStatus();
  return CannotListen(address, "another server does");
}

// Listens for a moment. Returns the errno, or 0.
int TryToListen(const addrinfo& info) {
  const int socket = ::socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const absl::Cleanup close = [socket] { ::close(socket); };
  // As gRPC does: a port whose last connections are still being closed is free.
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Two sockets that only are bound can share a port; two that listen cannot.
  return ::bind(socket, info.ai_addr, info.ai_addrlen) == 0 && ::listen(socket, 1) == 0 ? 0 : errno;
}

absl::Status CheckTcpIsFree(const std::string& address) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(parsed->host.c_str(), absl::StrCat(parsed->port).c_str(), &hints, &found);
  if (error != 0) return CannotListen(address, ::gai_strerror(error));
  const absl::Cleanup free = [found] { ::freeaddrinfo(found); };
  // gRPC would be content with any of them, and clients then find another program at the rest.
  int last_error = 0;
  bool listens = false;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    last_error = TryToListen(*info);
    listens |= last_error == 0;
    const bool not_of_this_machine = last_error == EADDRNOTAVAIL || last_error == EAFNOSUPPORT;
    if (last_error != 0 && !not_of_this_machine) return CannotListen(address, std::strerror(last_error));
  }
  return listens ? absl::OkStatus() : CannotListen(address, std::strerror(last_error));
}

}  // namespace

absl::Status CheckAddress(const std::string& flag, const std::string& address, bool allow_insecure_bind) {
  if (absl::Status form = CheckForm(address); !form.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", form.message()));
  }
  return IsUnixAddress(address) ? absl::OkStatus() : CheckHostPort(flag, address, allow_insecure_bind);
}

absl::Status CheckHostPort(const std::string& flag, const std::string& address, bool allow_insecure_bind) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(flag, " ", parsed.status().message()));
  if (IsLoopback(parsed->host) || allow_insecure_bind) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(flag, " ", address,
                   " can be reached from other machines, and there is no encryption or authentication yet; use "
                   "127.0.0.1, or give --allow_insecure_bind if the network is trusted"));
}

absl::Status CheckIsFree(const std::string& address) {
  return IsUnixAddress(address) ? CheckUnixIsFree(address) : CheckTcpIsFree(address);
}

}  // namespace actbench
