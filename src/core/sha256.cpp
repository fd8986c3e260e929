#include <array>

#include <openssl/evp.h>

#include <goldpan/core/error.hpp>
#include <goldpan/core/sha256.hpp>

namespace goldpan {
namespace {

/// libcrypto refuses only what cannot happen here, or for want of memory.
void require(int result) {
  if (result != 1) throw Error("SHA-256", "libcrypto refused; is there memory left?");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Context Sha256::make_context() {
  Context context(EVP_MD_CTX_new());
  require(context == nullptr ? 0 : 1);
  return context;
}

Sha256::Sha256() : context_(make_context()) {
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

Sha256::Sha256(const Sha256& other) : context_(make_context()) { *this = other; }

Sha256& Sha256::operator=(const Sha256& other) {
  if (this != &other) require(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()));
  return *this;
}

Sha256& Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
  return *this;
}

Sha256& Sha256::update(std::string_view text) { return update(std::as_bytes(std::span(text))); }

std::string Sha256::hex() const {
  const Sha256 all = *this;
  std::array<unsigned char, 32> digest = {};
  require(EVP_DigestFinal_ex(all.context_.get(), digest.data(), nullptr));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace goldpan
