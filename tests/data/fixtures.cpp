#include "data/fixtures.hpp"

#include <zlib.h>

namespace goldpan {

std::string gzip(const std::string& content) {
  z_stream z = {};
  deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&z, content.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  z.avail_in = static_cast<uInt>(content.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

std::uint8_t cifar10_label(std::size_t file, std::size_t record) {
  return static_cast<std::uint8_t>((3 * file + record) % 10);
}

std::uint8_t cifar10_value(std::size_t file, std::size_t record, std::size_t byte) {
  return static_cast<std::uint8_t>(31 * file + 7 * record + byte + byte / 1024);
}

void write_cifar10(const std::filesystem::path& folder, std::size_t records) {
  for (std::size_t file = 0; file < 6; ++file) {
    std::string content;
    for (std::size_t record = 0; record < records; ++record) {
      content += static_cast<char>(cifar10_label(file, record));
      for (std::size_t byte = 0; byte < 3072; ++byte) {
        content += static_cast<char>(cifar10_value(file, record, byte));
      }
    }
    put(folder / (file < 5 ? "data_batch_" + std::to_string(file + 1) + ".bin" : "test_batch.bin"),
        content);
  }
}

std::string make_idx(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string content = {'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) content += static_cast<char>(size >> shift & 0xFF);
  }
  return content + values;
}

std::string frame_json(const std::string& name, const std::string& weather,
                       const std::string& labels) {
  return R"({"name": ")" + name + R"(", "attributes": {"weather": ")" + weather +
         R"(", "timeofday": "daytime", "scene": "city street"}, "timestamp": 10000, "labels": )" +
         labels + "}";
}

}  // namespace goldpan
