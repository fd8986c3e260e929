#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace goldpan {

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which uses the processor's own instructions where
/// it has them: names inputs in caches, journals and audit trails.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  /// The digest of all bytes so far, as 64 lower-case hexadecimal digits. More may be added
  /// afterwards.
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_md_ctx_st, Free>;
  static Context make_context();

  Context context_;
};

}  // namespace goldpan
