#pragma once

#include <functional>
#include <string>

#include <goldpan/experiment/records.hpp>

/// How report.html gets its pictures: a function that gives the JPEG bytes of a picked item, from
/// the data set that the run was made on. Empty where the data has no images or is not there any
/// more, which is said in a warning: a report needs nothing but its journal.
std::function<std::string(const goldpan::PickRecord&)> thumbnails_of(
    const goldpan::Records& records);
