// The documentation page, made of the OpenAPI document: no script, no address of anybody else.
#include <openssl/evp.h>

#include "base/sha256.h"
#include "server/openapi.h"

namespace sluice {

extern const std::string_view kDocsPageCss;  // made of docs_page.css by the build

namespace {

std::string escaped(std::string_view text) {
  std::string html;
  for (char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      default: html += c;
    }
  }
  return html;
}

// `code` in backticks.
std::string inline_html(std::string_view text) {
  std::string html;
  bool code = false;
  for (;;) {
    const std::size_t tick = text.find('`');
    html += escaped(text.substr(0, tick));
    if (tick == std::string_view::npos) break;
    html += code ? "</code>" : "<code>";
    code = !code;
    text.remove_prefix(tick + 1);
  }
  return code ? html + "</code>" : html;
}

std::string table_row(std::string_view line, const char* cell) {
  std::string html = "<tr>";
  line.remove_prefix(1);
  while (!line.empty()) {
    const std::size_t end = line.find('|');
    if (end == std::string_view::npos) break;
    html += std::string("<") + cell + ">" + inline_html(line.substr(0, end)) + "</" + cell + ">";
    line.remove_prefix(end + 1);
  }
  return html + "</tr>";
}

// Paragraphs and tables: as much of Markdown as the document uses.
std::string prose(std::string_view text) {
  std::string html;
  enum class Block : char { none, paragraph, table } block = Block::none;
  auto close = [&] {
    if (block == Block::paragraph) html += "</p>";
    if (block == Block::table) html += "</table></div>";
    block = Block::none;
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) {
      close();
    } else if (line.starts_with("|--")) {
      continue;
    } else if (line.starts_with('|')) {
      const bool first = block != Block::table;
      if (first) close();
      if (first) html += "<div class=\"scroll\"><table>";
      block = Block::table;
      html += table_row(line, first ? "th" : "td");
    } else {
      if (block != Block::paragraph) {
        close();
        html += "<p>";
      }
      block = Block::paragraph;
      html += inline_html(line) + "\n";
    }
  }
  close();
  return html;
}

class DocsHtml {
 public:
  explicit DocsHtml(const Json& document) : document_(document) {}

  std::string html() {
    const Json& info = document_["info"];
    const std::string title = escaped(info.value("title", "")) + " API";
    std::string html = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">";
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" + title +
            "</title>";
    html += "<style>" + std::string(kDocsPageCss) + "</style></head><body>";
    html +=
        navigation() + "<main><h1>" + title + "</h1><p>" + inline_html(info.value("summary", "")) + "</p>";
    html += prose(info.value("description", ""));
    html += "<p>For programs: <a href=\"/openapi.json\">openapi.json</a></p>";
    for (const Json& tag : document_["tags"]) html += section(tag);
    html += "<h2 class=\"tag\" id=\"schemas\">Schemas</h2>";
    for (const auto& [name, schema] : document_["components"]["schemas"].items())
      html += "<article id=\"schema-" + escaped(name) + "\"><h3>" + escaped(name) + "</h3>" +
              schema_html(schema) + "</article>";
    return html + "</main></body></html>\n";
  }

 private:
  template <class Visit>
  void each_operation(const std::string& tag, Visit visit) {
    for (const auto& [path, item] : document_["paths"].items())
      for (const auto& [method, operation] : item.items())
        if (method != "parameters" && operation["tags"][0] == tag) visit(path, method, item, operation);
  }

  std::string navigation() {
    std::string html = "<nav aria-label=\"Operations\">";
    for (const Json& tag : document_["tags"]) {
      const std::string name = tag.value("name", "");
      html += "<h2>" + escaped(name) + "</h2><ul>";
      each_operation(name, [&](const auto&, const auto&, const Json&, const Json& operation) {
        html += "<li><a href=\"#" + operation.value("operationId", "") + "\">" +
                inline_html(operation.value("summary", "")) + "</a></li>";
      });
      html += "</ul>";
    }
    return html + "<h2><a href=\"#schemas\">Schemas</a></h2></nav>";
  }

  std::string section(const Json& tag) {
    const std::string name = tag.value("name", "");
    std::string html =
        "<section aria-label=\"" + escaped(name) + "\"><h2 class=\"tag\">" + escaped(name) + "</h2>";
    html += prose(tag.value("description", ""));
    each_operation(name,
                   [&](const std::string& path, const std::string& method, const Json& item,
                       const Json& operation) { html += operation_html(path, method, item, operation); });
    return html + "</section>";
  }

  std::string operation_html(const std::string& path, const std::string& method, const Json& item,
                             const Json& operation) {
    std::string upper;
    for (char c : method) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const std::string permission = operation.value("x-permission", "");
    std::string html = "<article id=\"" + operation.value("operationId", "") + "\"><h3>" +
                       inline_html(operation.value("summary", "")) +
                       "</h3><div class=\"route\"><span class=\"method " + method + "\">" + upper +
                       "</span><span>" + escaped(path) + "</span><span class=\"needs\">needs " +
                       (permission == "open" ? "no key" : permission) + "</span></div>";
    html += prose(operation.value("description", ""));
    Json parameters = item.value("parameters", Json::array());
    for (const Json& parameter : operation.value("parameters", Json::array()))
      parameters.push_back(parameter);
    if (!parameters.empty()) html += parameters_html(parameters);
    if (operation.contains("requestBody"))
      html += "<h4>Body</h4>" + content_html(operation["requestBody"]["content"]);
    html += "<h4>Answers</h4><div class=\"scroll\"><table>";
    for (const auto& [status, response] : operation["responses"].items()) {
      const Json& meant = resolved(response);
      html += "<tr><td>" + escaped(status) + "</td><td>" + inline_html(meant.value("description", "")) +
              "</td><td>" + types_html(meant) + "</td></tr>";
    }
    return html + "</table></div></article>";
  }

  std::string parameters_html(const Json& parameters) {
    std::string html = "<h4>Parameters</h4><div class=\"scroll\"><table>";
    for (const Json& parameter : parameters) {
      const Json& meant = resolved(parameter);
      html += "<tr><td><code>" + escaped(meant.value("name", "")) + "</code>" +
              (meant.value("required", false) ? " *" : "") + "</td><td class=\"soft\">" +
              meant.value("in", "") + "</td><td>" + type_html(meant["schema"]) + "</td><td>" +
              inline_html(meant.value("description", "")) + "</td></tr>";
    }
    return html + "</table></div>";
  }

  std::string content_html(const Json& content) {
    std::string html = "<ul>";
    for (const auto& [type, media] : content.items()) {
      html += "<li><code>" + escaped(type) + "</code> " + type_html(media.value("schema", Json::object()));
      const Json examples = media.value("examples", Json::object());
      for (const auto& [name, example] : examples.items()) {
        const Json& value = example["value"];
        html += "<pre>" + escaped(value.is_string() ? value.get<std::string>() : value.dump(2)) + "</pre>";
      }
      html += "</li>";
    }
    return html + "</ul>";
  }

  std::string types_html(const Json& response) {
    std::string html;
    const Json content = response.value("content", Json::object());
    for (const auto& [type, media] : content.items()) {
      const std::string what = type_html(media["schema"]);
      html += (html.empty() ? "" : "<br>") +
              (type == "application/json" ? what : "<code>" + escaped(type) + "</code>");
    }
    return html;
  }

  // In a few words; a schema with a name is a link to it.
  std::string type_html(const Json& schema) {
    if (schema.contains("$ref")) {
      const std::string name = last_part(schema["$ref"].get<std::string>());
      return "<a href=\"#schema-" + name + "\">" + name + "</a>";
    }
    for (const char* joined : {"allOf", "oneOf"}) {
      if (!schema.contains(joined)) continue;
      std::string html;
      for (const Json& part : schema[joined]) {
        const std::string one = type_html(part);
        if (!one.empty()) html += (html.empty() ? "" : joined[0] == 'a' ? " with " : " or ") + one;
      }
      return html;
    }
    if (schema.contains("const")) return "<code>" + escaped(schema["const"].dump()) + "</code>";
    if (schema.contains("enum")) {
      std::string html;
      for (const Json& value : schema["enum"])
        html += (html.empty() ? "<code>" : ", <code>") + escaped(value.get<std::string>()) + "</code>";
      return html;
    }
    if (schema.value("type", Json()) == "array" && schema.contains("items"))
      return "list of " + type_html(schema["items"]);
    std::string html = types_of(schema.value("type", Json()));
    if (schema.contains("items")) html += type_html(schema["items"]);
    if (schema.contains("properties") && !schema.contains("type")) {
      for (const auto& [name, member] : schema["properties"].items())
        html += (html.empty() ? "" : ", ") + escaped(name) + ": list of " +
                type_html(member.value("items", Json::object()));
    }
    if (schema.contains("format")) html += " (" + schema["format"].get<std::string>() + ")";
    return html;
  }

  static std::string types_of(const Json& type) {
    if (type.is_string()) return type.get<std::string>();
    std::string text;
    if (!type.is_array()) return text;
    for (const Json& one : type) text += (text.empty() ? "" : " or ") + one.get<std::string>();
    return text;
  }

  std::string schema_html(const Json& schema) {
    std::string html = prose(schema.value("description", ""));
    if (schema.contains("allOf"))
      for (const Json& part : schema["allOf"])
        html += part.contains("$ref") ? "<p>All of " + type_html(part) + ", and:</p>" : schema_html(part);
    if (!schema.contains("properties"))
      return schema.contains("allOf") ? html : html + "<p>" + type_html(schema) + "</p>";
    html += "<div class=\"scroll\"><table>";
    for (const auto& [name, member] : schema["properties"].items())
      html += "<tr><td><code>" + escaped(name) + "</code></td><td>" + member_html(member) + "</td><td>" +
              inline_html(member.value("description", "")) + "</td></tr>";
    return html + "</table></div>";
  }

  // What is nested without a name of its own is shown in place.
  std::string member_html(const Json& member) {
    const bool is_list = member.contains("items") && member["items"].contains("properties");
    const Json& inner = is_list ? member["items"] : member;
    if (!inner.contains("properties")) return type_html(member);
    return (is_list ? "list of " : "") + schema_html(inner);
  }

  const Json& resolved(const Json& json) {
    if (!json.contains("$ref")) return json;
    return document_.at(Json::json_pointer(json["$ref"].get<std::string>().substr(1)));
  }

  static std::string last_part(const std::string& reference) {
    return reference.substr(reference.rfind('/') + 1);
  }

  const Json& document_;
};

}  // namespace

DocsPage docs_page(const Json& document) {
  DocsPage page{DocsHtml(document).html(), ""};
  const Digest digest = Sha256().of(kDocsPageCss);
  std::array<unsigned char, 4 * ((sizeof(Digest) + 2) / 3) + 1> text{};
  const int size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  page.style_hash =
      "'sha256-" + std::string(reinterpret_cast<char*>(text.data()), static_cast<std::size_t>(size)) + "'";
  return page;
}

}  // namespace sluice
