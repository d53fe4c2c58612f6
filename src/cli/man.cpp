// sluice man: the manual page, made from the very options that are parsed; `sluice man | man -l -` shows it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "app/config.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace sluice {
namespace {

// Backslashes and hyphens mean something else in roff, and what is not ASCII is written as its code point.
std::string roff(const std::string& text) {
  std::string out;
  for (std::size_t i = 0, length = 0; i < text.size(); i += length) {
    length = std::max<std::size_t>(utf8_length(text, i), 1);
    const char c = text[i];
    if (length > 1) {
      auto code = static_cast<unsigned>(static_cast<unsigned char>(c) & (0x7F >> length));
      for (std::size_t k = 1; k < length; ++k)
        code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
      std::array<char, 16> escape{};
      std::snprintf(escape.data(), escape.size(), "\\[u%04X]", code);
      out += escape.data();
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (i == 0 || text[i - 1] == '\n')) {
      out += std::string("\\&") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_text(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.get_lnames()) names += (names.empty() ? "--" : ", --") + name;
  if (names.empty()) names = option.get_name();
  std::string value = option.get_items_expected_max() > 0 ? option.get_type_name() : "";
  return ".TP\n\\fB" + roff(names) + "\\fR" + (value.empty() ? "" : " \\fI" + roff(value) + "\\fR") + "\n" +
         roff(option.get_description()) + "\n";
}

// A command, and those below it: `sluice jobs list`.
std::string command_text(const CLI::App& command, const std::string& name) {
  std::string text = ".SS \"" + name + "\"\n" + roff(command.get_description()) + ".\n";
  for (const CLI::Option* option : command.get_options()) text += option_text(*option);
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; }))
    text += command_text(*below, name + " " + below->get_name());
  const std::string footer = command.get_footer();
  return footer.empty() ? text : text + ".PP\n.nf\n" + roff(footer) + ".fi\n";
}

std::string page(const CLI::App& app) {
  std::string text = ".TH SLUICE 1 \"\" \"sluice " SLUICE_VERSION "\" \"User Commands\"\n.SH NAME\n";
  text += "sluice \\- load files into a database, every good row exactly once\n.SH SYNOPSIS\n";
  text += ".B sluice\n\\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIFILE\\fR...]\n.SH DESCRIPTION\n";
  text += roff(app.get_description()) + "\n.SH COMMANDS\n";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    text += command_text(*command, "sluice " + command->get_name());
  text +=
      ".SH CONFIGURATION\nRead from ./sluice.yaml or the file of \\fB\\-c\\fR; the environment goes over it, "
      "options over both.\n";
  for (const Setting& setting : settings())
    text += ".TP\n\\fB" + roff(std::string(setting.key)) + "\\fR (" + roff(std::string(setting.environment)) +
            ", default " + roff(std::string(setting.standard)) + ")\n" + roff(std::string(setting.help)) +
            "\n";
  text +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nthe job completed; rejected rows are normal operation\n"
      ".TP\n1\nthe job failed\n"
      ".TP\n2\nthe command, pipeline or configuration is wrong\n"
      ".TP\n3\nthe job completed, rows were rejected, and \\fB\\-\\-strict\\fR was given\n"
      ".TP\n130\nstopped by a signal; the same command goes on from the last commit\n";
  return text;
}

}  // namespace

void add_man(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("man", "print the manual page");
  command->footer("Example:\n  sluice man | man -l -\n");
  command->callback([&app, &action] {
    action = [&app](std::stop_token) {
      std::fputs(page(app).c_str(), stdout);
      return kExitOk;
    };
  });
}

}  // namespace sluice
