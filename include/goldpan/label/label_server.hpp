#pragma once

#include <functional>
#include <memory>
#include <string>

#include <goldpan/label/label_session.hpp>

namespace goldpan {

struct LabelServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  ///< 0: any that is free
  /// What a request must know; "": 32 hexadecimal digits from the system's generator.
  std::string token;
  /// Names beside the host's own that a request may give as Host: "labels.example.org:8080".
  std::vector<std::string> also_known_as;
};

/// Serves a session over HTTP/1.1: the page and the protocol of docs/label.md.
///
/// Every request must know the token (URL, then cookie; or `Authorization: Bearer`), give a Host
/// that is the server's own (DNS rebinding), and, where it comes from a page, come from this one.
/// Bodies above 1 MiB, chunked or packed ones are refused; a request that is not there after ten
/// seconds is dropped; the oldest connection that has shown no token makes room for a new one. No
/// path is ever taken from a request.
class LabelServer {
 public:
  /// Binds. Throws Error if the address cannot be had. `session` must outlive the server.
  LabelServer(LabelSession& session, const LabelServerOptions& options);
  ~LabelServer();

  /// "http://127.0.0.1:43117/?token=...".
  std::string url() const;
  int port() const;
  /// Serves until stop(), from any thread, or until `should_stop` says so (asked ten times a
  /// second).
  void run(const std::function<bool()>& should_stop = {});
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace goldpan
