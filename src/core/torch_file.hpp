#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace goldpan {

/// A tensor of a file that `torch.save` wrote.
struct TorchTensor {
  std::string name;  ///< its key, "head.weight" below another; empty where the file is the tensor
  std::string type;  ///< as in `.npy`, byte order first: "<f4"
  std::vector<std::size_t> shape;
  std::span<const std::byte> values;                       ///< row-major
  std::shared_ptr<const std::vector<std::byte>> unpacked;  ///< keeps the values; null: the file
};

/// The tensors of a `.pt` file: one, or those of dictionaries and lists. Its pickle is read, never
/// run: whatever is neither a tensor nor a dictionary, list, tuple, number or text of such is
/// refused. bfloat16 becomes float32; strides other than row-major ones, a copy. Throws Error
/// naming `where` for anything else, with the line of Python that cures it.
std::vector<TorchTensor> read_torch_file(std::span<const std::byte> bytes,
                                         const std::string& where);

}  // namespace goldpan
