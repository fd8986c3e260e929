#include "encoders.hpp"

#include <fmt/format.h>

#include <goldpan/data/dataset.hpp>
#include <goldpan/embed/dinov2.hpp>
#include <goldpan/vision/torch_build.hpp>

goldpan::EncoderOptions encoder_options(const std::string& device, int dinov2_size) {
  goldpan::EncoderOptions options;
  options.search_path = goldpan::standard_search_path();
  if (goldpan::torch_build().available) {
    options.make_dinov2 = [=](const std::filesystem::path& weights) {
      goldpan::check_torch_device(device, "--encoder dinov2_vits14");
      goldpan::Dinov2Options dinov2;
      dinov2.weights = weights;
      dinov2.device = device;
      dinov2.size = dinov2_size;
      return goldpan::make_dinov2_encoder(dinov2);
    };
  }
  return options;
}

std::string list_encoders() {
  std::string text;
  for (const goldpan::EncoderInfo& row : goldpan::encoder_table(goldpan::torch_build().available)) {
    text += fmt::format("  {:<14} {}{}\n", row.name, row.summary,
                        row.missing.empty() ? "" : " [not in this build: " + row.missing + "]");
  }
  return text;
}
