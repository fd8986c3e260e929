#include "shards.hpp"

#include <utility>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <goldpan/core/error.hpp>

#include "bindings.hpp"

namespace nb = nanobind;

Pieces::Pieces(const std::vector<std::string>& names) {
  files_.emplace(goldpan::find_shards(names));
  view_ = files_->embeddings();
  for (const auto& shard : files_->shards()) {
    names_.push_back(shard.file.path().string());
    lengths_.push_back(shard.rows);
  }
}

Pieces::Pieces(std::vector<AnyArray> arrays, std::vector<std::string> names)
    : arrays_(std::move(arrays)), names_(std::move(names)) {
  if (arrays_.empty() || arrays_.size() != names_.size()) {
    throw goldpan::Error("embeddings", "got no arrays, expected at least one, with a name each");
  }
  std::size_t rows = 0;
  const goldpan::Embeddings first = as_embeddings(arrays_[0], names_[0].c_str());
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    const goldpan::Embeddings part = as_embeddings(arrays_[i], names_[i].c_str());
    if (part.cols() != first.cols() || part.is_half() != first.is_half()) {
      const auto describe = [](const goldpan::Embeddings& e) {
        return std::to_string(e.cols()) + " columns of " + (e.is_half() ? "float16" : "float32");
      };
      throw goldpan::Error(names_[i], "has " + describe(part) + ", expected " + describe(first) +
                                          " as in " + names_[0]);
    }
    lengths_.push_back(part.rows());
    if (part.rows() > 0) pieces_.push_back({rows, arrays_[i].data(), names_[i]});
    rows += part.rows();
  }
  view_ =
      pieces_.empty() ? first : goldpan::Embeddings(pieces_, rows, first.cols(), first.is_half());
}

std::vector<std::string> Pieces::names() const { return names_; }

std::vector<std::string> Pieces::ids() const {
  return files_ ? files_->ids() : std::vector<std::string>();
}

void add_shards(nb::module_& module) {
  nb::class_<Pieces>(module, "Pieces", "Embeddings in many files or arrays, read where they lie.")
      .def(nb::init<const std::vector<std::string>&>(), nb::arg("files"))
      .def(nb::init<std::vector<AnyArray>, std::vector<std::string>>(), nb::arg("arrays"),
           nb::arg("names"))
      .def("__len__", [](const Pieces& pieces) { return pieces.embeddings().rows(); })
      .def_prop_ro("cols", [](const Pieces& pieces) { return pieces.embeddings().cols(); })
      .def_prop_ro("half", [](const Pieces& pieces) { return pieces.embeddings().is_half(); })
      .def_prop_ro("names", &Pieces::names)
      .def_prop_ro("lengths", &Pieces::lengths)
      .def("ids", &Pieces::ids);
}
