#include "scenes/things.hpp"

namespace goldpan::scenes {

std::string category(const Thing& thing) {
  switch (thing.kind) {
    case Kind::kCar:
    case Kind::kVan:
      return "car";
    case Kind::kTruck:
      return "truck";
    case Kind::kBus:
      return "bus";
    case Kind::kMotorcycle:
    case Kind::kBicycle:
      return "rider";
    case Kind::kPedestrian:
      return "pedestrian";
    case Kind::kTrafficLight:
      return "traffic light";
    case Kind::kSign:
    case Kind::kGantry:
      return "traffic sign";
    default:
      return "";
  }
}

void draw_thing(View& view, const Thing& thing, ObjectId id) {
  view.set_id(0);
  switch (thing.kind) {
    case Kind::kBuilding:
      return draw_building(view, thing);
    case Kind::kHouse:
      return draw_house(view, thing);
    case Kind::kTree:
      return draw_tree(view, thing);
    case Kind::kConifer:
      return draw_conifer(view, thing);
    case Kind::kLampPost:
      return draw_lamp_post(view, thing);
    case Kind::kUtilityPole:
      return draw_utility_pole(view, thing);
    case Kind::kTrafficLight:
      return draw_traffic_light(view, thing, id);
    case Kind::kSign:
      return draw_sign(view, thing, id);
    case Kind::kGantry:
      return draw_gantry(view, thing, id);
    case Kind::kBridge:
      return draw_bridge(view, thing);
    case Kind::kPillar:
      return draw_pillar(view, thing);
    case Kind::kCanopy:
      return draw_canopy(view, thing);
    case Kind::kPump:
      return draw_pump(view, thing);
    case Kind::kWall:
      return draw_wall(view, thing);
    case Kind::kCar:
    case Kind::kVan:
    case Kind::kTruck:
    case Kind::kBus:
      view.set_id(id);
      draw_vehicle(view, thing);
      break;
    case Kind::kMotorcycle:
    case Kind::kBicycle:
      view.set_id(id);
      draw_two_wheeler(view, thing);
      break;
    case Kind::kPedestrian:
      view.set_id(id);
      draw_pedestrian(view, thing);
      break;
  }
  view.set_id(0);
}

}  // namespace goldpan::scenes
