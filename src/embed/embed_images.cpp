#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/stopwatch.hpp>
#include <goldpan/embed/encoder.hpp>

#include "embed/cache_record.hpp"
#include "embed/partial_file.hpp"

namespace goldpan {
namespace {

// Decoded and embedded at a time: bounds the memory for decoded images.
constexpr std::size_t kBatch = 128;
// The same for encoders that take an image at a time, whose images are not kept for a batch:
// larger, so that threads seldom wait for the last of a batch.
constexpr std::size_t kLargeBatch = 512;
// Rows between two progress records: what a kill can cost.
constexpr std::size_t kRowsPerRecord = 1024;
// Rows embedded again before a partial file is continued.
constexpr std::size_t kProbe = 16;

/// The named images that can be decoded, with what was wrong with the others.
struct Batch {
  std::vector<Image> images;
  std::vector<Index> rows;
  std::vector<Index> broken;
  std::vector<std::string> broken_reasons;
};

Batch load_batch(const ImageSource& source, const std::vector<Index>& which, int min_side,
                 Workers& workers) {
  std::vector<std::optional<Image>> images(which.size());
  std::vector<std::string> reasons(which.size());
  workers.run(which.size(), [&](std::size_t i) {
    try {
      images[i] = source.load(which[i], min_side);
    } catch (const Error& error) {
      reasons[i] = error.what();
    }
  });
  Batch batch;
  for (std::size_t i = 0; i < which.size(); ++i) {
    if (images[i]) {
      batch.images.push_back(std::move(*images[i]));
      batch.rows.push_back(which[i]);
    } else {
      batch.broken.push_back(which[i]);
      batch.broken_reasons.push_back(std::move(reasons[i]));
    }
  }
  return batch;
}

void check_broken(const CacheRecord& record, const ImageSource& images, BrokenImages policy) {
  if (record.broken.empty()) return;
  const std::string location = images.location(record.broken.front());
  std::string reason = record.broken_reasons.front();
  const std::string prefix = "[" + location + "] ";
  if (reason.starts_with(prefix)) reason.erase(0, prefix.size());
  if (policy == BrokenImages::kRefuse) {
    throw Error(location, "cannot be decoded: " + reason +
                              "; skip broken images (broken_images) to go on without it");
  }
  if (record.broken.size() > images.size() / 2) {
    throw Error(location, "cannot be decoded: " + reason + "; and so with " +
                              std::to_string(record.broken.size()) + " of " +
                              std::to_string(images.size()) + " images, expected at most half");
  }
}

/// One embedding of all images: the state that its steps share.
class Embedding {
 public:
  Embedding(const Encoder& encoder, const ImageSource& images, const EmbedOptions& options,
            Workers& workers, const CacheFiles& files, const nlohmann::json& key)
      : encoder_(encoder),
        images_(images),
        options_(options),
        workers_(workers),
        files_(files),
        file_(files.partial),
        header_(npy_header("<f4", {images.size(), encoder.dim()})),
        digests_(encoder.dim() * sizeof(float)) {
    record_.key = key;
    if (!options.fresh) resume();
    if (record_.rows == 0) start_over();
    check_broken(record_, images_, options_.broken_images);
    check_room();
  }

  std::size_t rows() const { return record_.rows; }

  /// Embeds the last few finished images again. A fit on another machine, or by another version of
  /// a library, need not give the same axes: rows of two fits must not be mixed.
  void check_continues() {
    std::vector<Index> probe;
    for (std::size_t row = record_.rows; row > 0 && probe.size() < kProbe; --row) {
      const auto index = static_cast<Index>(row - 1);
      if (!std::binary_search(record_.broken.begin(), record_.broken.end(), index)) {
        probe.push_back(index);
      }
    }
    const Batch batch = load_batch(images_, probe, encoder_.min_side(), workers_);
    if (batch.images.empty()) return start_over();
    Matrix<float> again(batch.images.size(), encoder_.dim());
    encoder_.encode(batch.images, again, workers_);
    std::vector<float> stored(encoder_.dim());
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
      file_.read(offset_of(batch.rows[i]), std::as_writable_bytes(std::span(stored)));
      float largest = 0, difference = 0;
      for (std::size_t k = 0; k < stored.size(); ++k) {
        largest = std::max(largest, std::fabs(again(i, k)));
        difference = std::max(difference, std::fabs(again(i, k) - stored[k]));
      }
      if (!(difference <= 1e-4f * largest)) return start_over();
    }
  }

  void embed_rest(const std::function<void(std::size_t rows)>& report) {
    try {
      std::size_t recorded = record_.rows;
      while (record_.rows < images_.size()) {
        report(record_.rows);
        embed_batch();
        if (record_.rows - recorded >= kRowsPerRecord) {
          write_progress();
          recorded = record_.rows;
        }
      }
      report(record_.rows);
    } catch (...) {
      // Keep what is finished, whatever stopped us; if even that fails, the first error counts.
      try {
        write_progress();
      } catch (const Error&) {
      }
      throw;
    }
  }

  CacheRecord finish(double seconds) {
    record_.digests = digests_.hex();
    file_.flush();
    // The record goes first: if we are killed between the two, the next call finds a complete
    // partial file, and until then the record matches no file of values.
    write_finished_record(files_, record_, seconds);
    file_.rename_to(files_.values);
    std::error_code ignored;
    std::filesystem::remove(files_.progress, ignored);
    return record_;
  }

 private:
  std::size_t row_bytes() const { return encoder_.dim() * sizeof(float); }
  std::size_t offset_of(std::size_t row) const { return header_.size() + row * row_bytes(); }

  void start_over() {
    record_ = {.key = record_.key, .rows = 0, .digests = {}, .broken = {}, .broken_reasons = {}};
    digests_ = RowDigests(row_bytes());
    file_.resize(0);
    file_.write(0, std::as_bytes(std::span(header_)));
  }

  /// Takes over the rows of a partial file if they are what its record says.
  void resume() {
    auto record = CacheRecord::read(files_.progress, record_.key);
    if (!record || record->rows > images_.size() || file_.size() < offset_of(record->rows)) return;
    RowDigests found(row_bytes());
    std::vector<std::byte> rows(kBatch * row_bytes());
    for (std::size_t begin = 0; begin < record->rows; begin += kBatch) {
      const auto part = std::span(rows).first(std::min(kBatch, record->rows - begin) * row_bytes());
      file_.read(offset_of(begin), part);
      found.add(part);
    }
    if (found.hex() != record->digests) return;
    record_ = std::move(*record);
    digests_ = found;
  }

  /// Better now than after an hour.
  void check_room() const {
    std::error_code error;
    const auto space = std::filesystem::space(options_.cache_folder, error);
    const std::size_t needed = offset_of(images_.size()) - file_.size();
    if (!error && space.available < needed) {
      throw Error(options_.cache_folder.string(),
                  "has room for " + std::to_string(space.available) + " bytes, expected " +
                      std::to_string(needed) + " for the embeddings of " +
                      std::to_string(images_.size()) + " images");
    }
  }

  void embed_batch() {
    const std::size_t begin = record_.rows;
    const std::size_t size =
        std::min(encoder_.image_by_image() ? kLargeBatch : kBatch, images_.size() - begin);
    std::vector<Index> which(size);
    std::iota(which.begin(), which.end(), static_cast<Index>(begin));
    const std::size_t broken_before = record_.broken.size();
    try {
      Matrix<float> rows(size, encoder_.dim());  // zeros for broken images
      const Batch batch =
          encoder_.image_by_image() ? embed_each(which, rows) : embed_together(which, rows);
      record_.broken.insert(record_.broken.end(), batch.broken.begin(), batch.broken.end());
      record_.broken_reasons.insert(record_.broken_reasons.end(), batch.broken_reasons.begin(),
                                    batch.broken_reasons.end());
      check_broken(record_, images_, options_.broken_images);
      const auto bytes = std::as_bytes(std::span(rows.data(), rows.size()));
      file_.write(offset_of(begin), bytes);
      digests_.add(bytes);
    } catch (...) {
      // This batch is not done: what the record says of broken images must end before it.
      record_.broken.resize(broken_before);
      record_.broken_reasons.resize(broken_before);
      throw;
    }
    record_.rows += size;
  }

  void check_row(std::span<const float> row, Index image) const {
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (!std::isfinite(row[k])) {
        throw Error(images_.location(image), "got " + std::to_string(row[k]) + " in dimension " +
                                                 std::to_string(k) + " of its embedding by " +
                                                 encoder_.name() + ", expected finite numbers");
      }
    }
  }

  /// Decodes a batch, then embeds it.
  Batch embed_together(const std::vector<Index>& which, Matrix<float>& rows) const {
    Batch batch = load_batch(images_, which, encoder_.min_side(), workers_);
    Matrix<float> embedded(batch.images.size(), encoder_.dim());
    if (!batch.images.empty()) encoder_.encode(batch.images, embedded, workers_);
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
      const auto row = std::as_const(embedded).row(i);
      check_row(row, batch.rows[i]);
      std::ranges::copy(row, rows.row(batch.rows[i] - which.front()).begin());
    }
    return batch;
  }

  /// Decodes and embeds an image at a time on each thread: while one decodes, others run the
  /// network.
  Batch embed_each(const std::vector<Index>& which, Matrix<float>& rows) const {
    std::vector<std::string> reasons(which.size());
    workers_.run(which.size(), [&](std::size_t i) {
      Image image;
      try {
        image = images_.load(which[i], encoder_.min_side());
      } catch (const Error& error) {
        reasons[i] = error.what();
        return;
      }
      encoder_.encode({&image, 1}, rows.view().rows_between(i, i + 1), workers_);
      check_row(std::as_const(rows).row(i), which[i]);
    });
    Batch batch;
    for (std::size_t i = 0; i < which.size(); ++i) {
      if (reasons[i].empty()) continue;
      batch.broken.push_back(which[i]);
      batch.broken_reasons.push_back(std::move(reasons[i]));
    }
    return batch;
  }

  void write_progress() {
    record_.digests = digests_.hex();
    write_progress_record(files_, record_);
  }

  const Encoder& encoder_;
  const ImageSource& images_;
  const EmbedOptions& options_;
  Workers& workers_;
  const CacheFiles& files_;
  PartialFile file_;
  std::string header_;
  CacheRecord record_;
  RowDigests digests_;
};

std::vector<Index> without(std::span<const Index> rows, const std::vector<Index>& broken) {
  std::vector<Index> rest(rows.begin(), rows.end());
  std::erase_if(rest, [&](Index row) { return std::ranges::binary_search(broken, row); });
  return rest;
}

/// Takes over the rows that another encoder's embedding has, projected. They come in seconds, so
/// that nothing is to be resumed.
EmbeddedImages project_images(Encoder& encoder, EmbeddedImages base, const CacheFiles& files,
                              const nlohmann::json& key, std::span<const Index> fit_on,
                              Workers& workers, const Stopwatch& stopwatch) {
  const MatrixView<const float> rows = base.file.matrix();
  encoder.fit_rows(rows, without(fit_on, base.broken), workers);
  PartialFile file(files.partial);
  const std::string header = npy_header("<f4", {rows.rows(), encoder.dim()});
  file.resize(0);
  file.write(0, std::as_bytes(std::span(header)));
  RowDigests digests(encoder.dim() * sizeof(float));
  std::size_t offset = header.size();
  auto broken = base.broken.begin();
  for (std::size_t begin = 0; begin < rows.rows(); begin += kLargeBatch) {
    const std::size_t end = std::min(begin + kLargeBatch, rows.rows());
    Matrix<float> projected(end - begin, encoder.dim());
    encoder.project(rows.rows_between(begin, end), projected, workers);
    for (; broken != base.broken.end() && *broken < end; ++broken) {
      std::ranges::fill(projected.row(*broken - begin), 0.0f);
    }
    const auto bytes = std::as_bytes(std::span(projected.data(), projected.size()));
    file.write(offset, bytes);
    digests.add(bytes);
    offset += bytes.size();
  }
  file.flush();
  write_finished_record(files, {key, rows.rows(), digests.hex(), base.broken, base.broken_reasons},
                        stopwatch.seconds());
  file.rename_to(files.values);
  return {NpyFile(files.values),
          std::move(base.broken),
          std::move(base.broken_reasons),
          false,
          stopwatch.seconds(),
          {}};
}

}  // namespace

EmbeddedImages embed_images(Encoder& encoder, const ImageSource& images,
                            const std::string& data_fingerprint, std::span<const Index> fit_on,
                            const EmbedOptions& options, Workers& workers,
                            const Progress& progress) {
  const Stopwatch stopwatch;
  const std::size_t count = images.size();
  if (count == 0) throw Error("images", "are none, expected images to embed");
  const nlohmann::json key = cache_key(encoder, data_fingerprint, count, fit_on);
  const CacheFiles files(options.cache_folder, encoder.name(), key);
  std::string damage;
  if (!options.fresh) {
    if (auto cache = open_finished(files, key, count, encoder.dim(), workers, damage)) {
      check_broken(cache->record, images, options.broken_images);
      if (options.always_fit && encoder.learns()) {
        if (Encoder* const base = encoder.base()) {
          const EmbeddedImages rows =
              embed_images(*base, images, data_fingerprint, fit_on, options, workers, progress);
          encoder.fit_rows(rows.file.matrix(), without(fit_on, rows.broken), workers);
        } else {
          encoder.fit(images, fit_on, workers, options.fit_progress);
        }
      }
      return {std::move(cache->file),
              std::move(cache->record.broken),
              std::move(cache->record.broken_reasons),
              true,
              stopwatch.seconds(),
              {}};
    }
  }

  make_writable_folder(options.cache_folder);
  if (Encoder* const base = encoder.base()) {
    EmbeddedImages rows =
        embed_images(*base, images, data_fingerprint, fit_on, options, workers, progress);
    return project_images(encoder, std::move(rows), files, key, fit_on, workers, stopwatch);
  }
  Embedding embedding(encoder, images, options, workers, files, key);
  if (embedding.rows() < count) {
    encoder.fit(images, fit_on, workers, options.fit_progress);
    if (embedding.rows() > 0) embedding.check_continues();
  }
  embedding.embed_rest([&](std::size_t rows) { progress.step(rows, count); });
  CacheRecord record = embedding.finish(stopwatch.seconds());
  return {NpyFile(files.values), std::move(record.broken), std::move(record.broken_reasons), false,
          stopwatch.seconds(),   std::move(damage)};
}

}  // namespace goldpan
