#include "report/distributions.hpp"

#include <cmath>

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace goldpan::report {

double normal_cdf(double x) { return boost::math::cdf(boost::math::normal(), x); }

double student_t_cdf(double x, double degrees) {
  return boost::math::cdf(boost::math::students_t(degrees), x);
}

double student_t_quantile(double probability, double degrees) {
  return boost::math::quantile(boost::math::students_t(degrees), probability);
}

double paired_t_power(double effect, std::size_t n, double alpha) {
  return t_power(effect * std::sqrt(static_cast<double>(n)), static_cast<double>(n) - 1, alpha);
}

double t_power(double noncentrality, double degrees, double alpha) {
  const double critical = student_t_quantile(1 - alpha / 2, degrees);
  const boost::math::non_central_t shifted(degrees, std::abs(noncentrality));
  return boost::math::cdf(boost::math::complement(shifted, critical)) +
         boost::math::cdf(shifted, -critical);
}

}  // namespace goldpan::report
