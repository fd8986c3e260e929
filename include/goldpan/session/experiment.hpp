#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <goldpan/core/progress.hpp>
#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/encoder.hpp>
#include <goldpan/models/classifier.hpp>
#include <goldpan/session/settings.hpp>

namespace goldpan {

/// What a model is made of in a run: items with the pool's first.
struct ModelInputs {
  Embeddings embeddings;                      ///< N x D, empty where the model reads images
  std::shared_ptr<const ImageSource> images;  ///< N images, or null
  std::size_t classes = 0;
  std::string fingerprint;  ///< of the data
};

/// How a run makes encoders and models, and talks to its caller. The defaults know what
/// goldpan::goldpan knows (patches, linear heads); a program that links goldpan::vision adds DINOv2
/// and ResNet-18.
struct RunOptions {
  /// <= 0: as many as the machine has cores. Never changes a number.
  int threads = 0;
  /// Start over: an existing journal in the output folder is replaced. Otherwise it is resumed.
  bool fresh = false;
  /// Where embeddings are cached; empty: OUT/cache.
  std::filesystem::path cache_folder;
  /// Where `--data auto` looks.
  std::vector<std::filesystem::path> search_path;
  /// Formats of data beside the library's (DatasetOptions::more_formats).
  std::vector<DatasetFormat> data_formats;

  /// Null for what goldpan::goldpan makes. Models are asked for from several threads at once.
  std::function<std::unique_ptr<Encoder>(const Settings&)> make_encoder;
  std::function<std::unique_ptr<Classifier>(const Settings&, const ModelInputs&)> make_model;
  /// What else the numbers depend on, recorded in the journal: a run with other facts is not
  /// resumed.
  std::vector<std::pair<std::string, std::string>> facts;

  /// Told in a sentence what was chosen or found: the data, the encoder, what was left out.
  std::function<void(const std::string& message)> say;
  /// Making data (rendering road scenes) and embedding, in images; what an encoder learns before
  /// that, and the loop, in units of work.
  Progress data_progress;
  Progress fit_progress;
  Progress embedding_progress;
  Progress loop_progress;
};

/// Plays the loop of DESIGN.md ("Protocol of goldpan run") for every strategy and seed and records
/// it in OUT/run.db, beside OUT/config.toml. Resumes a journal of equal settings and data; a
/// journal of others is refused with the difference named. Returns the path of the journal,
/// complete. Throws Error for bad settings or data, an output folder that cannot be written, or one
/// that another run is using.
std::filesystem::path run_experiment(const Settings& settings, const std::filesystem::path& out,
                                     const RunOptions& options = {});

}  // namespace goldpan
