#include "data/fingerprint.hpp"

#include <algorithm>
#include <vector>

#include "core/file_bytes.hpp"

namespace goldpan {

Fingerprint& Fingerprint::add(std::string_view text) {
  add(std::uint64_t{text.size()});
  digest_.update(text);
  return *this;
}

Fingerprint& Fingerprint::add(std::uint64_t number) {
  digest_.update(std::as_bytes(std::span(&number, 1)));
  return *this;
}

std::string content_digest(std::span<const std::byte> content, Workers& workers) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::vector<std::string> digests((content.size() + kPiece - 1) / kPiece);
  workers.run(digests.size(), [&](std::size_t piece) {
    const std::size_t begin = piece * kPiece;
    const auto bytes = content.subspan(begin, std::min(kPiece, content.size() - begin));
    digests[piece] = Sha256().update(bytes).hex();
  });
  Sha256 all;
  for (const std::string& digest : digests) all.update(digest);
  return all.hex();
}

std::string fingerprint_of_files(std::string_view format, const Dataset& dataset,
                                 const FileImages& files, Workers& workers) {
  std::vector<std::string> digests(dataset.size());
  workers.for_blocks(dataset.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) digests[i] = sampled_digest(files.path(i));
  });
  Fingerprint fingerprint(format);
  for (const std::string& name : dataset.targets.class_names) fingerprint.add(name);
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    fingerprint.add(dataset.items.ids[i])
        .add(static_cast<std::uint64_t>(dataset.targets.labels[i]));
    fingerprint.add(
        dataset.items.splits.empty() ? 0 : static_cast<std::uint64_t>(dataset.items.splits[i]) + 1);
    fingerprint.add(digests[i]);
  }
  return fingerprint.hex();
}

}  // namespace goldpan
