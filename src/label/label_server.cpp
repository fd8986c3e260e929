#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/socket.h>
#include <unistd.h>

#include <goldpan/core/error.hpp>
#include <goldpan/label/label_server.hpp>

#include "label/api.hpp"
#include "label/assets.hpp"
#include "label/connections.hpp"
#include "label/deadline_stream.hpp"

namespace goldpan {
namespace {

using namespace label;
using httplib::Request;
using httplib::Response;

constexpr std::size_t kLargestBody = std::size_t{1} << 20;
constexpr std::size_t kLargestHead = std::size_t{1} << 16;
constexpr double kRequestSeconds = 10, kIdleSeconds = 30;
constexpr std::size_t kPlaces = 200;
constexpr std::size_t kMostItems = 200;
constexpr int kLargestSide = 4096;

/// What this page needs and nothing more; nobody may frame it, no form may leave it.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string make_token() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw Error("token", "the system has no random bytes");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

/// In constant time, so that answers do not tell how much of a guess was right.
bool equal(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string cookie_value(const std::string& header, const std::string& name) {
  std::size_t at = 0;
  while (at < header.size()) {
    const std::size_t end = std::min(header.find(';', at), header.size());
    std::string part = header.substr(at, end - at);
    part.erase(0, std::min(part.find_first_not_of(' '), part.size()));
    if (part.starts_with(name + "=")) return part.substr(name.size() + 1);
    at = end + 1;
  }
  return {};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return text;
}

void refuse(Response& response, int status, const std::string& why) {
  response.status = status;
  response.set_content(why + "\n", "text/plain; charset=utf-8");
}

/// A number of the query string, bounded.
std::size_t count_of(const Request& request, const char* name, std::size_t otherwise,
                     std::size_t most) {
  if (!request.has_param(name)) return otherwise;
  const std::string text = request.get_param_value(name);
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) {
    throw Error(name, fmt::format("expected a number up to {}", most));
  }
  return value;
}

std::string who_of(const Request& request) {
  return request.has_param("who") ? request.get_param_value("who") : "me";
}

/// The state of the connection that this thread serves.
struct Served {
  bool authorised = false;
  bool close = false;
};
thread_local Served* served = nullptr;

/// Threads as Connections gives them out.
class Threads final : public httplib::TaskQueue {
 public:
  explicit Threads(Connections& connections) : connections_(connections) {}
  void enqueue(std::function<void()> task) override { connections_.start(std::move(task)); }
  void shutdown() override { connections_.finish(); }

 private:
  Connections& connections_;
};

/// cpp-httplib's server, with connections of ours.
class GuardedServer final : public httplib::Server {
 public:
  GuardedServer() {
    new_task_queue = [this] { return new Threads(connections_); };
  }
  void begin_to_stop() {
    stopping_ = true;
    stop();
  }

 private:
  bool process_and_close_socket(socket_t socket) override {
    // An answer leaves in two writes; the second must not wait 40 ms for the first one's receipt.
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const auto entry = connections_.enter(socket);
    DeadlineStream stream(socket, stopping_);
    Served state;
    served = &state;
    bool closed = false;
    bool trusted = false;
    while (!closed && !state.close && stream.wait(kIdleSeconds)) {
      stream.begin_request(kRequestSeconds, kLargestHead + kLargestBody);
      if (!process_request(stream, false, closed, nullptr)) break;
      if (state.authorised && !trusted) {
        connections_.trust(entry);
        trusted = true;
      }
    }
    served = nullptr;
    connections_.leave(entry);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  std::atomic<bool> stopping_ = false;
  Connections connections_{kPlaces};
};

}  // namespace

struct LabelServer::Impl {
  Impl(LabelSession& given, LabelServerOptions given_options)
      : session(given), options(std::move(given_options)) {
    if (options.token.empty()) options.token = make_token();
    for (const char c : options.token) {
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            c == '-' || c == '_')) {
        throw Error("token", "may hold letters, digits, '-' and '_' alone");
      }
    }
    if (options.token.size() < 16) throw Error("token", "is too short, expected 16 characters");
    if (options.port < 0 || options.port > 65535) throw Error("port", "expected 0 to 65535");
    bound_port = options.port;
    if (options.port == 0) {
      bound_port = server.bind_to_any_port(options.host);
    } else if (!server.bind_to_port(options.host, options.port)) {
      bound_port = -1;
    }
    if (bound_port <= 0) {
      throw Error(fmt::format("{}:{}", options.host, options.port), "cannot be listened on");
    }
    cookie = fmt::format("goldpan_label_{}", bound_port);  // cookies do not tell ports apart
    for (const std::string name : {"127.0.0.1", "localhost", "[::1]"}) allow(name);
    allow(options.host);
    for (const std::string& name : options.also_known_as) hosts.push_back(lower(name));
    set_up();
  }

  void allow(const std::string& name) {
    hosts.push_back(lower(fmt::format("{}:{}", name, bound_port)));
    if (bound_port == 80) hosts.push_back(lower(name));
  }

  bool knows(const std::string& host) const {
    return std::find(hosts.begin(), hosts.end(), lower(host)) != hosts.end();
  }

  /// Empty if the request may be looked at; else why not, with the status.
  std::pair<int, std::string> objection(const Request& request) const {
    if (request.method != "GET" && request.method != "POST") return {405, "method not allowed"};
    if (request.get_header_value_count("Host") != 1 || !knows(request.get_header_value("Host"))) {
      return {421, "this server does not go by that name"};
    }
    if (request.has_header("Origin")) {
      const std::string origin = request.get_header_value("Origin");
      const std::size_t scheme = origin.find("://");
      if (scheme == std::string::npos || !knows(origin.substr(scheme + 3))) {
        return {403, "requests from other pages are not served"};
      }
    }
    const std::string site = request.get_header_value("Sec-Fetch-Site");
    const bool front_page = request.method == "GET" && request.path == "/";
    if (!site.empty() && site != "same-origin" && site != "none" && !front_page) {
      return {403, "requests from other pages are not served"};
    }
    if (request.has_header("Transfer-Encoding") || request.has_header("Content-Encoding")) {
      return {415, "bodies must be sent whole and plain"};
    }
    if (request.method == "POST") {
      if (!request.get_header_value("Content-Type").starts_with("application/json")) {
        return {415, "expected Content-Type: application/json"};
      }
      const std::string length = request.get_header_value("Content-Length");
      std::size_t bytes = 0;
      const auto [end, error] =
          std::from_chars(length.data(), length.data() + length.size(), bytes);
      if (error != std::errc() || end != length.data() + length.size()) {
        return {411, "expected Content-Length"};
      }
      if (bytes > kLargestBody) return {413, "the body is too large"};
    } else if (request.has_header("Content-Length") &&
               request.get_header_value("Content-Length") != "0") {
      return {400, "a GET has no body"};
    }
    return {0, ""};
  }

  bool is_authorised(const Request& request) const {
    const std::string bearer = request.get_header_value("Authorization");
    if (bearer.starts_with("Bearer ")) return equal(bearer.substr(7), options.token);
    return equal(cookie_value(request.get_header_value("Cookie"), cookie), options.token);
  }

  httplib::Server::HandlerResponse guard(const Request& request, Response& response) {
    using Answer = httplib::Server::HandlerResponse;
    if (auto [status, why] = objection(request); status != 0) {
      refuse(response, status, why);
      served->close = true;  // whatever body follows is not read
      response.set_header("Connection", "close");
      return Answer::Handled;
    }
    if (request.method == "GET" && request.path == "/" && request.has_param("token")) {
      if (!equal(request.get_param_value("token"), options.token)) {
        refuse(response, 401, "that token is not this server's");
        return Answer::Handled;
      }
      // From the address into a cookie: addresses end up in histories and logs.
      response.set_header("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict",
                                                    cookie, options.token));
      // SameSite=Strict cookies do not come along where a redirect began at another site (a link
      // in a mail): a page that loads itself is this site's own.
      response.set_content(
          "<!doctype html><meta charset=\"utf-8\"><title>Goldpan</title>"
          "<meta http-equiv=\"refresh\" content=\"0; url=/\"><a href=\"/\">Go on</a>",
          "text/html; charset=utf-8");
      response.status = 200;
      return Answer::Handled;
    }
    if (!is_authorised(request)) {
      refuse(response, 401,
             "this server wants its token: open the address that goldpan label printed, or send "
             "Authorization: Bearer TOKEN");
      if (request.method == "POST") {
        served->close = true;
        response.set_header("Connection", "close");
      }
      return Answer::Handled;
    }
    served->authorised = true;
    return Answer::Unhandled;
  }

  /// Errors of the library are the sender's; others are ours and say no more than that.
  template <typename Handler>
  httplib::Server::Handler json(Handler handler) {
    return [handler](const Request& request, Response& response) {
      response.set_header("Cache-Control", "no-store");
      try {
        response.set_content(handler(request), "application/json");
      } catch (const Error& error) {
        refuse(response, 400, error.what());
      } catch (const std::exception&) {
        refuse(response, 500, "something went wrong on the server");
      }
    };
  }

  void set_up() {
    server.set_default_headers({{"Content-Security-Policy", kContentPolicy},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Referrer-Policy", "no-referrer"},
                                {"Cross-Origin-Resource-Policy", "same-origin"},
                                {"Cross-Origin-Opener-Policy", "same-origin"},
                                {"X-Frame-Options", "DENY"}});
    server.set_payload_max_length(kLargestBody);
    server.set_pre_routing_handler(
        [this](const Request& request, Response& response) { return guard(request, response); });
    const auto asset = [this](const char* path, std::string_view content, const char* type) {
      server.Get(path, [content, type](const Request&, Response& response) {
        response.set_header("Cache-Control", "no-cache");
        response.set_content(content.data(), content.size(), type);
      });
    };
    asset("/", kPage, "text/html; charset=utf-8");
    asset("/label.css", kPageStyle, "text/css; charset=utf-8");
    asset("/label.js", kPageScript, "text/javascript; charset=utf-8");

    server.Get("/api/state", json([this](const Request&) { return state_json(session); }));
    server.Get("/api/next", json([this](const Request& request) {
                 return items_json(session, session.next(count_of(request, "count", 1, kMostItems),
                                                         who_of(request)));
               }));
    server.Get("/api/grid", json([this](const Request& request) {
                 std::int32_t label = kUnknownLabel;
                 if (request.has_param("label")) {
                   const auto& classes = session.pool().classes;
                   const auto found =
                       std::find(classes.begin(), classes.end(), request.get_param_value("label"));
                   if (found == classes.end()) throw Error("label", "is no class of this session");
                   label = static_cast<std::int32_t>(found - classes.begin());
                 }
                 return items_json(session, session.grid(count_of(request, "count", 24, kMostItems),
                                                         label, who_of(request)));
               }));
    server.Get("/api/suspicious", json([this](const Request& request) {
                 return suspicions_json(session, count_of(request, "count", 50, kMostItems));
               }));
    server.Get("/api/agreement", json([this](const Request&) { return agreement_json(session); }));
    server.Post("/api/answers", json([this](const Request& request) {
                  const AnswerReceipt receipt =
                      session.answer(parse_answers(session, request.body));
                  const LabelState state = session.state();
                  return fmt::format(
                      R"({{"protocol":{},"recorded":{},"repeated":{},"labelled":{},"answers":{}}})",
                      kProtocol, receipt.recorded, receipt.repeated, state.labelled, state.answers);
                }));
    server.Post("/api/undo", json([this](const Request& request) {
                  const auto item = session.undo(parse_who(request.body));
                  return item ? fmt::format(R"({{"protocol":{},"id":"{}"}})", kProtocol, *item)
                              : fmt::format(R"({{"protocol":{},"id":null}})", kProtocol);
                }));
    server.Get(R"(/api/images/([0-9]{1,10}))", [this](const Request& request, Response& response) {
      try {
        const std::size_t item = parse_item(session, request.matches[1].str());
        const auto side = static_cast<int>(count_of(request, "side", 0, kLargestSide));
        const std::string image = session.image(item, side);
        response.set_header("Cache-Control", "private, max-age=86400");
        response.set_content(image, "image/jpeg");
      } catch (const Error&) {
        refuse(response, 404, "no such image, or one that cannot be decoded");
      } catch (const std::exception&) {
        refuse(response, 500, "something went wrong on the server");
      }
    });
    server.Get("/api/export", [this](const Request&, Response& response) {
      response.set_header("Cache-Control", "no-store");
      response.set_header("Content-Disposition", "attachment; filename=\"labels.csv\"");
      response.set_content(session.labels_csv(), "text/csv; charset=utf-8");
    });
  }

  LabelSession& session;
  LabelServerOptions options;
  GuardedServer server;
  int bound_port = 0;
  std::string cookie;
  std::vector<std::string> hosts;  ///< with ports, lower case
};

LabelServer::LabelServer(LabelSession& session, const LabelServerOptions& options)
    : impl_(std::make_unique<Impl>(session, options)) {}

LabelServer::~LabelServer() { stop(); }

std::string LabelServer::url() const {
  const std::string& host = impl_->options.host;
  return fmt::format("http://{}:{}/?token={}", host == "0.0.0.0" ? "127.0.0.1" : host,
                     impl_->bound_port, impl_->options.token);
}

int LabelServer::port() const { return impl_->bound_port; }

void LabelServer::run(const std::function<bool()>& should_stop) {
  std::atomic<bool> over = false;
  std::thread watch([&] {
    while (!over && should_stop) {
      if (should_stop()) {
        stop();
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  impl_->server.listen_after_bind();
  over = true;
  watch.join();
}

void LabelServer::stop() { impl_->server.begin_to_stop(); }

}  // namespace goldpan
