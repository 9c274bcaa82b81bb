#include "geo/distance.h"

#include <math.h>

#define RADIANS (3.14159265358979323846 / 180)

double th_distance_km(double lat1, double lon1, double lat2, double lon2) {
  double a = sin((lat2 - lat1) * RADIANS / 2), b = sin((lon2 - lon1) * RADIANS / 2);
  double h = a * a + cos(lat1 * RADIANS) * cos(lat2 * RADIANS) * b * b;
  return 2 * TH_EARTH_KM * asin(sqrt(h < 1 ? h : 1));
}
