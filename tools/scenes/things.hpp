#pragma once

#include <string>

#include "scenes/view.hpp"

namespace goldpan::scenes {

/// Draws a thing where it is now. Pixels that show what `id` names (of a traffic light the lamp
/// box, not the pole) become its own.
void draw_thing(View& view, const Thing& thing, ObjectId id);

/// BDD100K's category of a thing, empty for scenery.
std::string category(const Thing& thing);
/// "red", "yellow" or "green" for a traffic light, "NA" for anything else.
std::string signal_colour(const Thing& thing);

// One file each, in scenery.cpp, trees.cpp, vehicles.cpp, people.cpp and signals.cpp.
void draw_building(View& view, const Thing& thing);
void draw_house(View& view, const Thing& thing);
void draw_wall(View& view, const Thing& thing);
void draw_bridge(View& view, const Thing& thing);
void draw_pillar(View& view, const Thing& thing);
void draw_canopy(View& view, const Thing& thing);
void draw_pump(View& view, const Thing& thing);
void draw_tree(View& view, const Thing& thing);
void draw_conifer(View& view, const Thing& thing);
void draw_lamp_post(View& view, const Thing& thing);
void draw_utility_pole(View& view, const Thing& thing);
void draw_vehicle(View& view, const Thing& thing);
void draw_two_wheeler(View& view, const Thing& thing);
void draw_pedestrian(View& view, const Thing& thing);
void draw_traffic_light(View& view, const Thing& thing, ObjectId id);
void draw_sign(View& view, const Thing& thing, ObjectId id);
void draw_gantry(View& view, const Thing& thing, ObjectId id);

/// The ceiling of a tunnel, a garage or elevated tracks.
void draw_roof(View& view);

/// The bonnet of the camera's own car.
void draw_bonnet(View& view);

}  // namespace goldpan::scenes
