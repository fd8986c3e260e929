#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <goldpan/imaging/image.hpp>

namespace goldpan {

/// Decodes the bytes of a JPEG, PNG or WebP file; which one it is is seen from its first bytes.
///
/// JPEG: grey, RGB, YCbCr, CMYK and YCCK (the latter two with inverted ink, as every program since
/// Photoshop writes them), baseline or progressive, 8 bits. A positive `min_side` decodes at
/// 1/8, 1/4, 1/2 or all of the size, whichever is the smallest with a shorter side of at least
/// `min_side`. Data that
/// libjpeg-turbo merely warns about ("premature end of data segment") is an error here, since it
/// comes out as grey areas that would poison an embedding.
///
/// PNG: 1 to 16 bits, grey, palette, RGB, each with or without alpha. 16-bit samples are rounded to
/// 8 bits; transparent pixels are laid over white; `min_side` has no effect.
///
/// WebP: lossy and lossless, transparent pixels over white; animations are refused.
///
/// EXIF orientation tags of all three are applied: the image stands upright.
///
/// Throws Error naming `where` (the file) and what is wrong; something that is no image is called
/// what it looks like ("an HTML page"). Images of more than 2^27 pixels are refused.
Image decode_image(std::span<const std::byte> file, const std::string& where, int min_side = 0);

/// decode_image of a file.
Image read_image(const std::filesystem::path& path, int min_side = 0);

/// The bytes of a baseline JPEG file, chroma at half resolution. Throws Error if the image is empty
/// or larger than 65,500 a side, or `quality` is outside 1 to 100.
std::string encode_jpeg(const Image& image, int quality = 90);

/// Writes encode_jpeg's bytes as a whole or not at all. Unlike write_file it does not wait for the
/// disk, because images come in thousands and can be made again.
void write_jpeg(const std::filesystem::path& path, const Image& image, int quality = 90);

}  // namespace goldpan
