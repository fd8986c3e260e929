#include <algorithm>
#include <cassert>
#include <mutex>
#include <string_view>
#include <thread>

#include <openvino/openvino.hpp>

#include <goldpan/core/error.hpp>
#include <goldpan/networks/network.hpp>

namespace goldpan {
namespace {

/// OpenVINO's messages are several lines with places in its own source; what was wrong is the last
/// of them that is not such a place.
std::string reason_of(const std::exception& error) {
  std::string_view text = error.what();
  std::string reason;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    if (line.empty() || line.starts_with("Exception from ") || line.starts_with("Check '"))
      continue;
    reason = line;
  }
  if (reason.empty()) reason = std::string(error.what()).substr(0, 200);
  return reason.substr(0, 300);
}

template <typename Action>
decltype(auto) translate_errors(const std::filesystem::path& file, const std::string& what,
                                Action&& action) {
  try {
    return action();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(file.string(), what + ": " + reason_of(error));
  }
}

/// One for the process: opening it looks for the plugins.
ov::Core& core() {
  static ov::Core instance;
  return instance;
}

template <typename Port>
std::string name_of(const Port& port) {
  return port.get_names().empty() ? port.get_node()->get_friendly_name() : port.get_any_name();
}

template <typename Port>
NetworkPort describe(const Port& port) {
  NetworkPort described{name_of(port), {}, port.get_element_type().get_type_name()};
  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_static()) {
    for (const ov::Dimension& size : shape) {
      described.shape.push_back(size.is_static() ? size.get_length() : -1);
    }
  }
  return described;
}

std::shared_ptr<ov::Model> read_model(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) {
    throw Error(file.string(),
                std::filesystem::exists(file) ? "is not a file" : "no such network file");
  }
  return translate_errors(file, "is not a network that OpenVINO reads (.onnx, .xml, .pb, .tflite)",
                          [&] { return core().read_model(file.string()); });
}

std::string list_outputs(const ov::Model& model) {
  std::string text;
  for (const auto& output : model.outputs()) {
    const NetworkPort port = describe(output);
    text +=
        (text.empty() ? "'" : ", '") + port.name + "' (" + describe_port_shape(port.shape) + ")";
  }
  return text;
}

/// The index of each output wanted.
std::vector<std::size_t> find_outputs(const ov::Model& model, const Network::Options& options) {
  const auto all = model.outputs();
  if (options.outputs.empty()) {
    if (all.size() == 1) return {0};
    throw Error(options.file.string(),
                "has " + std::to_string(all.size()) +
                    " outputs, name the one that is meant (outputs): " + list_outputs(model));
  }
  std::vector<std::size_t> found;
  for (const std::string& name : options.outputs) {
    std::size_t at = 0;
    while (at < all.size() && name_of(all[at]) != name && !all[at].get_names().contains(name)) ++at;
    if (at == all.size()) {
      throw Error(options.file.string(),
                  "has no output '" + name + "', it has " + list_outputs(model));
    }
    found.push_back(at);
  }
  return found;
}

/// The model cut down to the outputs wanted, of float32, for one item.
std::shared_ptr<ov::Model> prepare(const Network::Options& options) {
  std::shared_ptr<ov::Model> model = read_model(options.file);
  if (model->inputs().size() != 1) {
    throw Error(options.file.string(), "has " + std::to_string(model->inputs().size()) +
                                           " inputs, expected one that takes an image");
  }
  const std::vector<std::size_t> wanted = find_outputs(*model, options);
  const NetworkPort input = describe(model->input());
  translate_errors(options.file,
                   "takes an input of " + describe_port_shape(input.shape) + ", not of " +
                       ov::Shape(options.input_shape).to_string(),
                   [&] { model->reshape(ov::PartialShape(ov::Shape(options.input_shape))); });

  const auto all = model->outputs();
  ov::OutputVector sources;
  for (const std::size_t at : wanted) sources.push_back(all[at].get_node()->input_value(0));
  const auto cut =
      std::make_shared<ov::Model>(sources, model->get_parameters(), model->get_friendly_name());
  ov::preprocess::PrePostProcessor types(cut);
  types.input().tensor().set_element_type(ov::element::f32);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    types.output(i).tensor().set_element_type(ov::element::f32);
  }
  return translate_errors(options.file, "cannot be used", [&] { return types.build(); });
}

}  // namespace

struct Network::State {
  std::filesystem::path file;
  ov::CompiledModel compiled;
  std::vector<std::vector<std::size_t>> output_shapes;
  mutable std::mutex mutex;
  mutable std::vector<ov::InferRequest> idle;

  ov::InferRequest take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        ov::InferRequest request = std::move(idle.back());
        idle.pop_back();
        return request;
      }
    }
    return compiled.create_infer_request();
  }
  void put_back(ov::InferRequest request) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(request));
  }
};

NetworksBuild networks_build() {
  const ov::Version version = ov::get_openvino_version();
  const std::string number = version.buildNumber == nullptr ? "" : version.buildNumber;
  return {true, number.substr(0, number.find('-'))};
}

NetworkInfo inspect_network(const std::filesystem::path& file) {
  const std::shared_ptr<ov::Model> model = read_model(file);
  NetworkInfo info;
  for (const auto& input : model->inputs()) info.inputs.push_back(describe(input));
  for (const auto& output : model->outputs()) info.outputs.push_back(describe(output));
  return info;
}

Network::Network(const Options& options) : state_(std::make_unique<State>()) {
  if (options.input_shape.empty() || options.input_shape.front() != 1) {
    throw Error(options.file.string(), "got an input shape whose batch is not 1");
  }
  state_->file = options.file;
  const std::shared_ptr<ov::Model> model = prepare(options);
  const int streams = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  state_->compiled = translate_errors(options.file, "cannot be compiled for the CPU", [&] {
    // A stream a core, a thread a stream. float32 even where the processor knows bfloat16: the same
    // file means the same numbers.
    return core().compile_model(model, "CPU", ov::num_streams(streams),
                                ov::inference_num_threads(streams),
                                ov::hint::inference_precision(ov::element::f32));
  });
  for (const auto& output : state_->compiled.outputs()) {
    if (!output.get_partial_shape().is_static()) {
      throw Error(options.file.string(), "has an output '" + name_of(output) +
                                             "' whose size depends on what is in the image, "
                                             "expected a fixed one");
    }
    const ov::Shape shape = output.get_shape();
    state_->output_shapes.emplace_back(shape.begin(), shape.end());
  }
}

Network::~Network() = default;

const std::vector<std::vector<std::size_t>>& Network::output_shapes() const {
  return state_->output_shapes;
}

void Network::run(const std::function<void(std::span<float>)>& fill,
                  const std::function<void(std::span<const std::span<const float>>)>& read) const {
  translate_errors(state_->file, "failed", [&] {
    ov::InferRequest request = state_->take();
    ov::Tensor input = request.get_input_tensor();
    fill({input.data<float>(), input.get_size()});
    request.infer();
    std::vector<std::span<const float>> outputs;
    for (std::size_t i = 0; i < state_->output_shapes.size(); ++i) {
      const ov::Tensor output = request.get_output_tensor(i);
      outputs.emplace_back(output.data<const float>(), output.get_size());
    }
    read(outputs);
    state_->put_back(std::move(request));
  });
}

}  // namespace goldpan
