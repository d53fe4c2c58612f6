// sluice completion: shell completion, made from the very options that are parsed.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"

namespace sluice {
namespace {

std::vector<const CLI::App*> subcommands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The options of a command, and of the commands below it (`sluice jobs list`); each once.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options = app.get_options();
  for (const CLI::App* below : subcommands_of(app))
    for (const CLI::Option* option : below->get_options())
      if (std::ranges::none_of(options, [&](auto* known) { return known->get_name() == option->get_name(); }))
        options.push_back(option);
  return options;
}

// "--json -q --quiet …"
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : subcommands_of(app)) names.push_back(command->get_name());
  return joined(names);
}

std::string bash(const CLI::App& app) {
  std::string text =
      "_sluice() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} words=''\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      names_of(app) +
      " --help --licences --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CLI::App* command : subcommands_of(app)) {
    text += "    " + command->get_name() + ") words='" + joined(flags_of(*command)) +
            (command->get_name() == "completion" ? " bash zsh fish" : "") + "'";
    if (!subcommands_of(*command).empty())
      text += "\n      if [ \"$COMP_CWORD\" -eq 2 ]; then\n        mapfile -t COMPREPLY < <(compgen -W '" +
              names_of(*command) + "' -- \"$word\")\n        return\n      fi";
    text += " ;;\n";
  }
  text +=
      "  esac\n"
      "  case $word in\n"
      "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\") ;;\n"
      "    *) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
      "  esac\n"
      "}\n"
      "complete -o filenames -F _sluice sluice\n";
  return text;
}

// Inside '…' of zsh and fish; zsh takes [ ] : in a description for its own.
std::string quoted(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']')
      out += c == '[' ? '(' : ')';
    else if (c == ':')
      out += ',';
    else
      out += c;
  }
  return out;
}

std::string zsh(const CLI::App& app) {
  std::string text = "#compdef sluice\n_sluice() {\n  local -a commands\n  commands=(\n";
  for (const CLI::App* command : subcommands_of(app))
    text += "    '" + command->get_name() + ":" + quoted(command->get_description()) + "'\n";
  text +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  case "
      "$words[2] in\n";
  for (const CLI::App* command : subcommands_of(app)) {
    text += "    " + command->get_name() + ")\n      _arguments \\\n";
    if (!subcommands_of(*command).empty()) text += "        '2:command:(" + names_of(*command) + ")' \\\n";
    for (const CLI::Option* option : options_of(*command))
      for (const std::string& name : option->get_lnames())
        text +=
            "        '--" + name + "[" + quoted(option->get_description()) + "]" +
            (option->get_items_expected_max() > 0 ? ":" + quoted(option->get_type_name()) + ":_files" : "") +
            "' \\\n";
    text += "        '*:file:_files' ;;\n";
  }
  return text + "  esac\n}\n_sluice \"$@\"\n";
}

std::string fish(const CLI::App& app) {
  std::string text;
  for (const CLI::App* command : subcommands_of(app)) {
    text += "complete -c sluice -n __fish_use_subcommand -f -a " + command->get_name() + " -d '" +
            quoted(command->get_description()) + "'\n";
    for (const CLI::App* below : subcommands_of(*command))
      text += "complete -c sluice -n '__fish_seen_subcommand_from " + command->get_name() +
              "; and not __fish_seen_subcommand_from " + names_of(*command) + "' -f -a " + below->get_name() +
              " -d '" + quoted(below->get_description()) + "'\n";
    for (const CLI::Option* option : options_of(*command))
      for (const std::string& name : option->get_lnames())
        text += "complete -c sluice -n '__fish_seen_subcommand_from " + command->get_name() + "' -l " + name +
                (option->get_items_expected_max() > 0 ? " -r" : "") + " -d '" +
                quoted(option->get_description()) + "'\n";
  }
  return text;
}

}  // namespace

void add_completion(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "print shell completion for bash, zsh or fish");
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->type_name("")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(sluice completion bash)\n"
      "  sluice completion zsh > ~/.zfunc/_sluice\n"
      "  sluice completion fish > ~/.config/fish/completions/sluice.fish\n");
  command->callback([shell, &app, &action] {
    action = [shell, &app](std::stop_token) {
      std::string text = *shell == "bash" ? bash(app) : *shell == "zsh" ? zsh(app) : fish(app);
      std::fputs(text.c_str(), stdout);
      return kExitOk;
    };
  });
}

}  // namespace sluice
