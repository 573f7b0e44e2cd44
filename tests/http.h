// SPDX-License-Identifier: Apache-2.0
// A small HTTP client for tests: one request to 127.0.0.1, read until the server closes.
#ifndef ACTBENCH_TESTS_HTTP_H_
#define ACTBENCH_TESTS_HTTP_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace actbench {

inline int PortOf(const std::string& address) { return std::atoi(address.substr(address.rfind(':') + 1).c_str()); }

// A connection to 127.0.0.1.
class Connection {
 public:
  explicit Connection(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connected() const { return connected_; }

  // Sends `request` and reads until the server closes the connection.
  std::string Ask(const std::string& request) {
    if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return "";
    std::string response;
    char buffer[4096];
    for (ssize_t n; (n = recv(socket_, buffer, sizeof(buffer), 0)) > 0;)
      response.append(buffer, static_cast<size_t>(n));
    return response;
  }

 private:
  const int socket_;
  bool connected_ = false;
};

inline std::string Ask(const std::string& address, const std::string& method, const std::string& path) {
  return Connection(PortOf(address)).Ask(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

inline std::string Body(const std::string& response) {
  const size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

// What a GET of /metrics answers.
inline std::string FetchMetrics(const std::string& address) { return Body(Ask(address, "GET", "/metrics")); }

}  // namespace actbench

#endif  // ACTBENCH_TESTS_HTTP_H_
