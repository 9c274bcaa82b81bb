/* Distances on the earth. */
#ifndef TH_GEO_DISTANCE_H
#define TH_GEO_DISTANCE_H

#define TH_EARTH_KM 6371.0088

/* Kilometres between two points in degrees: the haversine formula on a sphere of TH_EARTH_KM. */
double th_distance_km(double lat1, double lon1, double lat2, double lon2);

#endif
