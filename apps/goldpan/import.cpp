#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <goldpan/core/csv.hpp>
#include <goldpan/core/error.hpp>
#include <goldpan/core/files.hpp>
#include <goldpan/core/npy.hpp>
#include <goldpan/exchange/exchange.hpp>
#include <goldpan/exchange/resolve.hpp>
#include <goldpan/label/label_session.hpp>

#include "commands.hpp"
#include "exchange_inputs.hpp"
#include "outcome.hpp"

namespace {

using goldpan::AnnotationKind;
using goldpan::Error;

struct Options {
  std::string from, file, out = "labels";
  std::string ids, picks, classes, kind = "auto", images;
  std::vector<std::string> rename;
  std::string embeddings;
  bool empty_is_answer = false, strict = false, json = false;
};

AnnotationKind kind_of(const Options& options, const goldpan::AnnotationFile& file) {
  if (options.kind == "labels") return AnnotationKind::kLabels;
  if (options.kind == "boxes") return AnnotationKind::kBoxes;
  if (options.kind != "auto") {
    throw Error("--kind", fmt::format("got '{}', expected auto, labels or boxes", options.kind));
  }
  const bool boxes = std::ranges::any_of(
      file.annotations, [](const goldpan::Annotation& a) { return !a.boxes.empty(); });
  const bool labels = std::ranges::any_of(
      file.annotations, [](const goldpan::Annotation& a) { return !a.labels.empty(); });
  if (boxes && labels) {
    throw Error("--kind", "is needed: the file holds classes of images and boxes; import it twice");
  }
  return boxes || options.from == "yolo" ? AnnotationKind::kBoxes : AnnotationKind::kLabels;
}

/// The pool: ids.txt, the ids of picks, or the items of the file itself.
std::vector<std::string> pool_ids(const Options& options, const goldpan::AnnotationFile& file) {
  if (!options.ids.empty()) return goldpan::read_text_lines(options.ids);
  if (options.picks.empty()) return goldpan::item_names(file);
  const goldpan::CsvFile picks(goldpan::read_text(options.picks), options.picks);
  picks.require("id");
  std::vector<std::string> ids;
  for (std::size_t row = 0; row < picks.rows(); ++row) ids.push_back(picks.text(row, "id"));
  return ids;
}

/// The labelled rows of the pool's embeddings as an `npy:` data set, which `goldpan run` reads.
void write_data_set(const Options& options, const std::vector<std::string>& ids,
                    const goldpan::Resolved& resolved) {
  const goldpan::NpyEmbeddings file(options.embeddings);
  const goldpan::Embeddings embeddings = file.embeddings();
  if (embeddings.rows() != ids.size()) {
    throw Error(options.embeddings,
                fmt::format("has {} rows, but there are {} ids", embeddings.rows(), ids.size()));
  }
  std::vector<goldpan::Index> rows;
  std::string labels = goldpan::npy_header("<i8", {resolved.labels.size()});
  std::string names, classes;
  for (const auto& label : resolved.labels) {
    rows.push_back(static_cast<goldpan::Index>(label.item));
    const auto value = static_cast<std::int64_t>(label.label);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    labels.append(bytes, sizeof value);
    names += ids[label.item] + "\n";
  }
  for (const std::string& name : resolved.classes) classes += name + "\n";
  goldpan::Matrix<float> values(rows.size(), embeddings.cols());
  embeddings.gather_rows(rows, values);
  const std::filesystem::path folder = std::filesystem::path(options.out) / "npy";
  goldpan::make_writable_folder(folder);
  goldpan::write_npy(folder / "embeddings.npy", values);
  goldpan::write_file(folder / "labels.npy", labels);
  goldpan::write_file(folder / "ids.txt", names);
  goldpan::write_file(folder / "classes.txt", classes);
}

/// The tool's file, or the labels of a `goldpan label` session, which read as a table.
goldpan::AnnotationFile read_file(
    const Options& options, const std::function<std::pair<int, int>(const std::string&)>& sizes) {
  if (options.from != "session") {
    return goldpan::find_exchange_format(options.from).read(options.file, {sizes});
  }
  const std::filesystem::path table = std::filesystem::path(options.out) / "session.csv";
  goldpan::write_exchange_files(options.out,
                                {{"session.csv", goldpan::read_session_labels(options.file)}});
  return goldpan::find_exchange_format("csv").read(table, {});
}

void import_annotations(const Options& options) {
  const auto sizes = image_sizes(options.images);
  const goldpan::AnnotationFile file = read_file(options, sizes);
  const AnnotationKind kind = kind_of(options, file);
  const std::vector<std::string> ids = pool_ids(options, file);
  goldpan::ResolveOptions resolve;
  resolve.kind = kind;
  resolve.classes = read_classes(options.classes);
  resolve.empty_is_answer = options.empty_is_answer;
  for (const std::string& pair : options.rename) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      throw Error("--rename", fmt::format("got '{}', expected TOOL=HERE", pair));
    }
    resolve.rename[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  const goldpan::Resolved resolved = goldpan::resolve_annotations(file, ids, resolve);
  const auto files = goldpan::import_files(file, ids, resolved, kind, sizes);
  goldpan::write_exchange_files(options.out, files);
  if (!options.embeddings.empty()) {
    if (kind == AnnotationKind::kBoxes) throw Error("--embeddings", "goes with labels, not boxes");
    write_data_set(options, ids, resolved);
  }
  if (options.json) {
    std::string line = files.back().content;  // summary.json, on one line
    std::erase(line, '\n');
    fmt::print("{}\n", line);
  } else {
    fmt::print("{}written to {}\n", goldpan::import_summary(file, resolved, kind, ids.size()),
               options.out);
  }
  using goldpan::Outcome;
  std::size_t doubtful = 0;
  for (const Outcome outcome : {Outcome::kUnknownItem, Outcome::kAmbiguousItem,
                                Outcome::kUnknownClass, Outcome::kSeveralLabels}) {
    doubtful += resolved.count(outcome);
  }
  if (options.strict && doubtful > 0) {
    throw StatusError(Status::kBadInput, "--strict",
                      fmt::format("{} annotations name items or classes that are not known; "
                                  "see {}/annotations.csv",
                                  doubtful, options.out));
  }
}

}  // namespace

void add_import_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "import", "Answers from Label Studio, CVAT, COCO, YOLO, FiftyOne or CSV");
  const auto options = std::make_shared<Options>();
  std::string formats;
  for (const auto& format : goldpan::exchange_formats()) {
    formats += fmt::format("{}{}", formats.empty() ? "" : ", ", format.name);
  }
  command->add_option("--from", options->from, formats + ", session (of `goldpan label`)")
      ->required();
  command->add_option("FILE", options->file, "the file or folder that the tool exported")
      ->required();
  command
      ->add_option("--out", options->out,
                   "folder for labels.csv or boxes.json, labeled.txt, annotations.csv, "
                   "summary.json")
      ->capture_default_str();
  CLI::Option* ids = command->add_option("--ids", options->ids, "the pool: a name a line");
  command->add_option("--picks", options->picks, "the pool: the ids of these picks")->excludes(ids);
  command->add_option("--classes", options->classes,
                      "a,b,c or a file with a name a line [those of the tool's file]");
  command->add_option("--rename", options->rename,
                      "TOOL=HERE: a class by another name; repeatable");
  command->add_option("--kind", options->kind, "auto, labels or boxes")->capture_default_str();
  command->add_option("--images", options->images,
                      "folder of the images: YOLO's and FiftyOne's boxes are shares of their size");
  command->add_option("--embeddings", options->embeddings,
                      "N x D .npy of the pool: also writes OUT/npy, which `goldpan run --data "
                      "npy:OUT/npy` reads");
  command->add_flag("--empty-is-answer", options->empty_is_answer,
                    "an image without boxes holds no objects, though the tool does not say that "
                    "anybody looked");
  command->add_flag("--strict", options->strict,
                    "fail, after writing, where items or classes are not known");
  command->add_flag("--json", options->json, "the summary as one line of JSON");
  command->footer(
      "Example:\n  goldpan import --from label-studio export.json --ids ids.txt --out labels\n"
      "  goldpan pick --embeddings E.npy --labeled labels/labeled.txt --strategy k_center "
      "--batch 100");
  command->callback([options] { import_annotations(*options); });
}
