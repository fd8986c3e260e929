#pragma once

#include <string>

#include "report/reflection.hpp"

// Sections of the reflection, one a question; empty where the run has nothing to say about it.
namespace goldpan::report {

ReflectionSection reflect_on_k_center(const Analysis& analysis);
ReflectionSection reflect_on_near_twins(const Analysis& analysis);
ReflectionSection reflect_on_copies(const Analysis& analysis);
ReflectionSection reflect_on_cold_start(const Analysis& analysis);
ReflectionSection reflect_on_calibration(const Analysis& analysis);
ReflectionSection reflect_on_cost(const Analysis& analysis);
ReflectionSection what_to_check(const Analysis& analysis);

std::string full_data_warning(const Analysis& analysis);
/// Empty where no test item has an exact copy in the pool.
std::string copies_warning(const Analysis& analysis);
bool anything_beats_random(const Analysis& analysis);

}  // namespace goldpan::report
