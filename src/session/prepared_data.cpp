#include "session/prepared_data.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/utf8.hpp>
#include <goldpan/embed/map_encoder.hpp>
#include <goldpan/embed/patches.hpp>
#include <goldpan/imaging/image_size.hpp>
#include <goldpan/strategies/deduplicate.hpp>

#include "session/copies.hpp"
#include "session/split.hpp"

namespace goldpan {
namespace {

void say(const RunOptions& options, const std::string& message) {
  if (options.say) options.say(message);
}

std::unique_ptr<Encoder> make_encoder(const Settings& settings, const RunOptions& options) {
  if (options.make_encoder) {
    if (auto encoder = options.make_encoder(settings)) return encoder;
  }
  if (settings.encoder != "auto" && settings.encoder != "patches") {
    throw Error("--encoder", fmt::format("got '{}', which is not in this build; expected patches "
                                         "or auto",
                                         settings.encoder));
  }
  PatchesOptions patches;
  if (settings.dim != 0) patches.dim = settings.dim;
  return make_patches_encoder(patches);
}

/// The values of attributes as labels, a group of exclusive ones for each attribute.
void label_by_attributes(Dataset& dataset, std::vector<std::string> names) {
  const auto& known = dataset.items.attributes;
  if (names.empty()) {
    for (const auto& [name, values] : known) names.push_back(name);
  }
  Targets& targets = dataset.targets;
  if (names.empty()) throw Error(dataset.spec, "has no attributes, expected some to be labels");
  targets.marks.assign(dataset.size(), {});
  for (const std::string& name : names) {
    const auto column = known.find(name);
    if (column == known.end()) {
      std::vector<std::string> all;
      for (const auto& [other, values] : known) all.push_back(other);
      throw Error("--attributes",
                  fmt::format("got '{}', expected some of: {}", name, fmt::join(all, ", ")));
    }
    std::set<std::string> values(column->second.begin(), column->second.end());
    values.erase("");
    LabelGroup group{name, targets.label_names.size(), targets.label_names.size() + values.size()};
    for (const std::string& value : values) {
      targets.label_names.push_back(fmt::format("{}={}", name, value));
    }
    for (Index item = 0; item < dataset.size(); ++item) {
      const auto value = values.find(column->second[item]);
      std::vector<std::int8_t>& marks = targets.marks[item];
      marks.resize(group.end, value == values.end() ? kUnknownMark : std::int8_t{0});
      if (value != values.end()) {
        marks[group.begin + static_cast<std::size_t>(std::distance(values.begin(), value))] = 1;
      }
    }
    targets.label_groups.push_back(std::move(group));
  }
}

/// The items that have a value of every attribute that is a label.
Dataset with_all_labels(const Dataset& dataset, const RunOptions& options) {
  std::vector<Index> whole;
  for (Index item = 0; item < dataset.size(); ++item) {
    if (std::ranges::find(dataset.targets.marks[item], kUnknownMark) ==
        dataset.targets.marks[item].end()) {
      whole.push_back(item);
    }
  }
  if (whole.size() == dataset.size()) return dataset;
  say(options, fmt::format("{} of {} items lack an attribute and are left out",
                           dataset.size() - whole.size(), dataset.size()));
  return subset(dataset, whole);
}

/// For a run, which plays targets back: throws Error naming the first item without one.
void require_targets(const Dataset& dataset, const Task& task) {
  if (task.name() == "classification") return require_labels(dataset);
  for (Index item = 0; item < dataset.size(); ++item) {
    if (task.is_known(dataset.targets, item)) continue;
    throw Error(dataset.spec, fmt::format("has no {} of '{}', expected them of each item, since "
                                          "they are played back",
                                          task.info().cost_unit, dataset.items.ids[item]));
  }
}

/// The encoder whose maps a detector looks at, as rows. What `--dim` counts are its channels.
std::unique_ptr<Encoder> make_maps(const Settings& settings, const RunOptions& options) {
  MapEncoderOptions maps;
  if (settings.dim != 0) maps.channels = settings.dim;
  const std::string& name = settings.encoder;
  if (name == "auto" || name == "patches" || name == "gradients") {
    return make_map_encoder(make_gradients_encoder(), maps);
  }
  Settings whole = settings;
  whole.dim = 0;
  return make_map_encoder(make_encoder(whole, options), maps);
}

/// The means of each map over the picture's quarters, less their mean over the pool.
Matrix<float> means_of_maps(const ImageMaps& maps, std::size_t pool_size, Workers& workers) {
  const MapShape shape{maps.height, maps.width, maps.channels};
  Matrix<float> means(maps.rows.rows(), 4 * maps.channels);
  workers.for_blocks(means.rows(), 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) pool_map(maps.rows.float_row(i), shape, means.row(i));
  });
  std::vector<double> center(means.cols());
  for (std::size_t i = 0; i < pool_size; ++i) {
    for (std::size_t k = 0; k < center.size(); ++k) center[k] += double{means(i, k)};
  }
  for (double& value : center) value /= static_cast<double>(pool_size);
  for (std::size_t i = 0; i < means.rows(); ++i) {
    for (std::size_t k = 0; k < center.size(); ++k) {
      means(i, k) = static_cast<float>(double{means(i, k)} - center[k]);
    }
  }
  return means;
}

/// Widths and heights that boxes are stated in: what the data says, else those of the images.
std::vector<std::pair<float, float>> sizes_of_pictures(const Items& items, Workers& workers) {
  std::vector<std::pair<float, float>> sizes(items.size());
  workers.for_blocks(sizes.size(), 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      std::pair<int, int> size;
      if (!items.box_sizes.empty()) size = items.box_sizes[i];
      const std::filesystem::path file = items.images->location(i);
      if (size.first <= 0 && std::filesystem::is_regular_file(file)) size = read_image_size(file);
      if (size.first <= 0) {
        const Image image = items.images->load(i);
        size = {image.width, image.height};
      }
      sizes[i] = {static_cast<float>(size.first), static_cast<float>(size.second)};
    }
  });
  return sizes;
}

/// The data set cut to what a run may touch: without the shipped test split unless that is asked
/// for.
Dataset open_data(const Settings& settings, const RunOptions& options) {
  DatasetOptions data_options;
  data_options.group_pattern = settings.group_pattern;
  data_options.attribute = settings.attribute;
  data_options.search_path = options.search_path;
  data_options.more_formats = options.data_formats;
  data_options.threads = options.threads;
  data_options.progress = options.data_progress;
  Dataset dataset = open_dataset(settings.data, data_options);
  for (const std::string& note : dataset.notes) say(options, note);
  if (settings.task == "multilabel") label_by_attributes(dataset, settings.attributes);
  const bool has_targets = settings.task == "classification" ? !dataset.targets.labels.empty()
                           : settings.task == "detection"    ? !dataset.targets.boxes.empty()
                                                             : !dataset.targets.marks.empty();
  if (!has_targets) {
    throw Error(dataset.spec,
                fmt::format("has no {}, which a run hides and buys back; goldpan embed and goldpan "
                            "pick need none",
                            settings.task == "detection" ? "boxes" : "labels"));
  }
  if (settings.task == "multilabel") dataset = with_all_labels(dataset, options);
  if (settings.test == "official" || dataset.items.splits.empty()) return dataset;
  std::vector<Index> train;
  for (Index item = 0; item < dataset.size(); ++item) {
    if (dataset.items.splits[item] == Split::kTrain) train.push_back(item);
  }
  if (train.size() == dataset.size()) return dataset;
  if (train.empty())
    throw Error(dataset.spec, "has a test split alone, expected images to train on");
  say(options, fmt::format("{} items of the shipped test split are left out; --test official tests "
                           "on them",
                           dataset.size() - train.size()));
  return subset(dataset, train);
}

void drop(std::vector<Index>& items, const std::vector<Index>& broken) {
  std::erase_if(items, [&](Index item) { return std::ranges::binary_search(broken, item); });
}

void keep_one_per_group(const Dataset& dataset, const Settings& settings, std::vector<Index>& pool,
                        const RunOptions& options) {
  if (dataset.items.groups.empty()) {
    throw Error("--one-per-group", "needs groups; name them by --groups");
  }
  // A random order decides which item of a group is met first.
  std::vector<Index> order = pool;
  Generator(settings.split_seed).stream("one_per_group").shuffle(std::span(order));
  std::unordered_set<std::uint32_t> seen;
  const std::size_t before = pool.size();
  pool.clear();
  for (const Index item : order) {
    if (seen.insert(dataset.items.groups[item]).second) pool.push_back(item);
  }
  std::ranges::sort(pool);
  say(options, fmt::format("one item a group: {} of {} stay in the pool", pool.size(), before));
}

std::string id_of(const Dataset& dataset, Index item) { return as_utf8(dataset.items.ids[item]); }

/// Near-duplicates leave the pool; OUT/duplicates.csv says which item stands for each.
void leave_out_duplicates(const Dataset& dataset, const Embeddings& embeddings,
                          const Settings& settings, std::vector<Index>& pool,
                          const std::filesystem::path& out, const RunOptions& options,
                          Workers& workers, PreparedData& prepared) {
  Matrix<float> rows(pool.size(), embeddings.cols());
  embeddings.gather_rows(pool, rows);
  const Duplicates duplicates =
      deduplicate(rows, settings.dedup, workers, options.embedding_progress);
  std::string csv = "item,kept_item\n";
  for (std::size_t i = 0; i < pool.size(); ++i) {
    csv += csv_text(id_of(dataset, pool[i])) + "," +
           csv_text(id_of(dataset, pool[duplicates.kept_row_of[i]])) + "\n";
  }
  write_file(out / "duplicates.csv", csv);
  const std::size_t removed = pool.size() - duplicates.kept.size();
  std::string example;
  for (std::size_t i = 0; i < pool.size() && example.empty(); ++i) {
    if (duplicates.kept_row_of[i] == i) continue;
    example = fmt::format("; the first: {}, for which {} stands", id_of(dataset, pool[i]),
                          id_of(dataset, pool[duplicates.kept_row_of[i]]));
  }
  say(options,
      fmt::format("deduplication at cosine {} removed {} of {} items of the pool{} (duplicates.csv "
                  "has all); {} stay",
                  settings.dedup, removed, pool.size(), example, duplicates.kept.size()));
  prepared.observations.emplace_back("dedup_removed", fmt::format("{}", removed));
  std::vector<Index> kept;
  for (const Index row : duplicates.kept) kept.push_back(pool[row]);
  pool = std::move(kept);
}

// As many copies are named in words; copies.csv has all.
constexpr std::size_t kNamedCopies = 3;

/// Counts and names what pool and test share. Such items stay where they are: what they mean for
/// the test is for a person to judge, and taking them out of the pool would use the test set.
void look_for_copies(const Dataset& dataset, const Embeddings& embeddings, const Settings& settings,
                     const PoolAndTest& parts, const std::filesystem::path& out,
                     const RunOptions& options, Workers& workers, PreparedData& prepared) {
  const CopiesAcross found =
      copies_across(embeddings, parts.pool, parts.test, settings.near_twin, workers);
  const std::filesystem::path list = out / "copies.csv";
  if (found.copies.empty()) {
    std::error_code none;
    std::filesystem::remove(list, none);  // of an earlier run in this folder
  }
  std::string csv = "test_item,pool_item,cosine,exact\n", named;
  std::size_t names = 0;
  for (const bool exact : {true, false}) {  // the exact ones are named first
    for (const Copy& copy : found.copies) {
      if (copy.exact != exact) continue;
      const std::string test = id_of(dataset, copy.test), pool = id_of(dataset, copy.pool);
      csv += fmt::format("{},{},{:.6f},{}\n", csv_text(test), csv_text(pool), copy.cosine,
                         exact ? 1 : 0);
      if (names++ >= kNamedCopies) continue;
      named += fmt::format("{}{} of the test set and {} of the pool", named.empty() ? "" : "; ",
                           test, pool);
    }
  }
  if (!found.copies.empty()) write_file(list, csv);
  if (found.exact > 0) {
    say(options,
        fmt::format("{} of {} test items have an exact copy in the pool ({}; copies.csv has all)",
                    found.exact, parts.test.size(), named));
  }
  auto& facts = prepared.observations;
  facts.emplace_back("copies_exact", fmt::format("{}", found.exact));
  facts.emplace_back("copies_near", fmt::format("{}", found.near));
  facts.emplace_back("copies_checked", fmt::format("{}", found.checked));
  facts.emplace_back("copies_named", named);
}

}  // namespace

PreparedData prepare_data(const Settings& settings, const Task& task,
                          const std::filesystem::path& out, const RunOptions& options,
                          Workers& workers) {
  Dataset dataset = open_data(settings, options);
  require_targets(dataset, task);
  PoolAndTest parts = settings.test == "official"
                          ? official_split(dataset)
                          : hold_out(dataset, task, settings.test_fraction, settings.split_seed);
  say(options, fmt::format("data: {}, {} items in {} classes; pool {}, test {}", dataset.spec,
                           dataset.size(), task.classes(dataset.targets).size(), parts.pool.size(),
                           parts.test.size()));

  PreparedData prepared;
  Embeddings embeddings = dataset.items.embeddings;
  std::optional<EmbeddedImages> embedded;  // keeps the cache file mapped
  if (embeddings.empty()) {
    if (dataset.items.images == nullptr)
      throw Error(dataset.spec, "has neither images nor embeddings");
    const bool by_maps = task.name() == "detection";
    const auto encoder = by_maps ? make_maps(settings, options) : make_encoder(settings, options);
    if (by_maps) prepared.maps.shape = *encoder->map_shape();
    EmbedOptions embed_options;
    embed_options.cache_folder =
        options.cache_folder.empty() ? out / "cache" : options.cache_folder;
    embed_options.broken_images =
        settings.broken_images == "skip" ? BrokenImages::kSkip : BrokenImages::kRefuse;
    embed_options.fit_progress = options.fit_progress;
    say(options, fmt::format("encoder: {}, {} dimensions", encoder->name(), encoder->dim()));
    embedded = embed_images(*encoder, *dataset.items.images, dataset.fingerprint, parts.pool,
                            embed_options, workers, options.embedding_progress);
    say(options, embedded->from_cache
                     ? fmt::format("embeddings: from the cache, {}", embedded->file.path().string())
                     : fmt::format("embeddings: computed in {:.1f} s", embedded->seconds));
    if (!embedded->damage.empty()) {
      say(options, fmt::format("{}; computed anew", embedded->damage));
    }
    if (!embedded->broken.empty()) {
      say(options, fmt::format("skipped {} images that cannot be decoded; the first: {}",
                               embedded->broken.size(), embedded->broken_reasons.front()));
    }
    drop(parts.pool, embedded->broken);
    drop(parts.test, embedded->broken);
    embeddings = embedded->file.embeddings();
    prepared.encoder = encoder->name();
    prepared.encoder_description = encoder->description();
  } else {
    prepared.encoder = "given";
    check_finite(embeddings, dataset.spec.c_str());
  }

  if (settings.one_per_group) keep_one_per_group(dataset, settings, parts.pool, options);
  if (settings.dedup > 0)
    leave_out_duplicates(dataset, embeddings, settings, parts.pool, out, options, workers,
                         prepared);
  look_for_copies(dataset, embeddings, settings, parts, out, options, workers, prepared);
  prepared.pool_size = parts.pool.size();
  std::vector<Index> order = std::move(parts.pool);
  order.insert(order.end(), parts.test.begin(), parts.test.end());
  if (task.name() == "detection") {
    for (const Index item : order) {
      prepared.maps.pieces.push_back(
          {prepared.maps.pieces.size(), embeddings.float_row(item).data(), "feature maps"});
    }
    prepared.embeddings = means_of_maps(prepared.maps.view(), prepared.pool_size, workers);
    prepared.maps.file = std::move(embedded);
  } else {
    prepared.embeddings = Matrix<float>(order.size(), embeddings.cols());
    embeddings.gather_rows(order, prepared.embeddings);
  }
  dataset.items.embeddings = {};  // copied in order just now
  dataset.items.embeddings_owner.reset();
  prepared.dataset = subset(dataset, order);
  if (task.name() == "detection") {
    prepared.maps.sizes = sizes_of_pictures(prepared.dataset.items, workers);
  }
  return prepared;
}

}  // namespace goldpan
