// The rules of geopoint and geojson fields. See rule.h.
#include <algorithm>
#include <array>

#include "schema/number_text.h"
#include "schema/rule.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestCollection =
    16;  // GeometryCollections inside each other (RFC 7946 advises against any)

bool within(std::string_view canonical, std::string_view limit) {
  if (canonical.starts_with('-')) canonical.remove_prefix(1);
  return compare_canonical(canonical, limit) <= 0;
}

class GeopointRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena& arena, std::vector<Issue>& issues) const override {
    if (cell.kind != CellKind::string && cell.kind != CellKind::json)
      return kind_error(cell, "geographic points", issues);
    if (field_.format == "default" && cell.kind == CellKind::string) return cast_text(cell, arena, issues);
    if (field_.format == "default")
      return kind_error(cell, "points of the form \"longitude, latitude\"", issues);
    return cast_json(cell, issues);
  }

  bool cast_text(Cell& cell, Arena& arena, std::vector<Issue>& issues) const {
    std::string_view text = cell.text();
    std::size_t comma = text.find(',');
    std::optional<std::string_view> longitude, latitude;
    if (comma != std::string_view::npos) {
      longitude = canonical_in(trimmed(text.substr(0, comma)), arena);
      latitude = canonical_in(trimmed(text.substr(comma + 1)), arena);
    }
    if (!longitude || !latitude)
      return type_error(cell,
                        shown(cell) + " is not a point of the form \"longitude, latitude\" (90.50, 45.50).",
                        {}, issues);
    if (!within(*longitude, "180") || !within(*latitude, "90"))
      return off_the_earth(cell, *longitude, *latitude, issues);
    std::string point = std::string(*longitude) + "," + std::string(*latitude);
    if (point != text) cell = Cell::string(arena.copy(point));
    return true;
  }

  bool off_the_earth(const Cell& cell, std::string_view longitude, std::string_view latitude,
                     std::vector<Issue>& issues) const {
    bool swapped = within(longitude, "90") && within(latitude, "180");
    std::string suggestion = swapped ? std::string(latitude) + "," + std::string(longitude) : std::string();
    return type_error(
        cell,
        shown(cell) +
            " is no place on earth: the longitude is -180 to 180 and stands first, the latitude -90 to 90.",
        field_.format == "default" ? std::move(suggestion) : "", issues);
  }

  bool cast_json(Cell& cell, std::vector<Issue>& issues) const {
    bool object = field_.format == "object";
    Json value = Json::parse(cell.text(), nullptr, false);
    bool form = object
                    ? value.is_object() && value.size() == 2 && value.contains("lon") && value.contains("lat")
                    : value.is_array() && value.size() == 2;
    const Json* longitude = !form ? nullptr : object ? &value["lon"] : &value[0];
    const Json* latitude = !form ? nullptr : object ? &value["lat"] : &value[1];
    if (!form || !longitude->is_number() || !latitude->is_number())
      return type_error(cell,
                        shown(cell) + " is not a point of the form " +
                            (object ? "{\"lon\": 90.5, \"lat\": 45.5}." : "[90.5, 45.5]."),
                        {}, issues);
    if (std::abs(longitude->get<double>()) > 180 || std::abs(latitude->get<double>()) > 90)
      return off_the_earth(cell, "0", "0", issues);
    cell = Cell::json(trimmed(cell.text()));
    return true;
  }
};

// The structure RFC 7946 asks for; ring closure and winding are left to who draws the map.
bool is_position(const Json& value) {
  return value.is_array() && value.size() >= 2 &&
         std::ranges::all_of(value, [](const Json& n) { return n.is_number(); });
}

bool is_nested(const Json& value, int depth) {  // depth 0: a position
  if (depth == 0) return is_position(value);
  return value.is_array() &&
         std::ranges::all_of(value, [&](const Json& part) { return is_nested(part, depth - 1); });
}

bool is_geometry(const Json& value, int room) {
  static constexpr std::array<std::pair<std::string_view, int>, 6> kDepths = {{{"Point", 0},
                                                                               {"MultiPoint", 1},
                                                                               {"LineString", 1},
                                                                               {"MultiLineString", 2},
                                                                               {"Polygon", 2},
                                                                               {"MultiPolygon", 3}}};
  if (room == 0 || !value.is_object() || !value.contains("type") || !value["type"].is_string()) return false;
  const std::string& type = value["type"].get_ref<const std::string&>();
  if (type == "GeometryCollection")
    return value.contains("geometries") && value["geometries"].is_array() &&
           std::ranges::all_of(value["geometries"],
                               [&](const Json& part) { return is_geometry(part, room - 1); });
  for (auto [name, depth] : kDepths)
    if (type == name) return value.contains("coordinates") && is_nested(value["coordinates"], depth);
  return false;
}

bool is_feature(const Json& value) {
  if (!value.is_object() || value.value("type", Json()) != "Feature" || !value.contains("geometry") ||
      !value.contains("properties"))
    return false;
  bool properties = value["properties"].is_object() || value["properties"].is_null();
  return properties && (value["geometry"].is_null() || is_geometry(value["geometry"], kDeepestCollection));
}

bool is_geojson(const Json& value) {
  if (!value.is_object() || !value.contains("type")) return false;
  if (value["type"] == "FeatureCollection")
    return value.contains("features") && value["features"].is_array() &&
           std::ranges::all_of(value["features"], is_feature);
  return is_feature(value) || is_geometry(value, kDeepestCollection);
}

bool is_topojson(const Json& value) {
  return value.is_object() && value.value("type", Json()) == "Topology" && value.contains("objects") &&
         value["objects"].is_object() && value.contains("arcs") && value["arcs"].is_array();
}

class GeojsonRule final : public Rule {
 public:
  using Rule::Rule;

 private:
  bool cast(Cell& cell, Arena&, std::vector<Issue>& issues) const override {
    bool topojson = field_.format == "topojson";
    if (cell.kind != CellKind::string && cell.kind != CellKind::json)
      return kind_error(cell, topojson ? "TopoJSON objects" : "GeoJSON objects", issues);
    Json value = Json::parse(cell.text(), nullptr, false);
    if (!(topojson ? is_topojson(value) : is_geojson(value)))
      return type_error(cell,
                        shown(cell) + (topojson ? " is not a TopoJSON object." : " is not a GeoJSON object."),
                        {}, issues);
    cell = Cell::json(trimmed(cell.text()));
    return true;
  }
  std::uint64_t length(const Cell& cell) const override {
    Json value = Json::parse(cell.text(), nullptr, false);
    return value.size();
  }
  std::string_view length_unit() const override { return "members"; }
};

}  // namespace

RuleResult make_geo_rule(const Field& field, Normalise normalise) {
  if (field.type == FieldType::geopoint) return std::make_unique<GeopointRule>(field, normalise);
  return std::make_unique<GeojsonRule>(field, normalise);
}

}  // namespace sluice
