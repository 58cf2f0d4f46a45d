//! What documents and help name is there: flags, variables, calls of the API, files, headings that links lead to, versions.

use clap::{Command, error::ErrorKind};

use super::{
    found::{documents, files, inline, pattern, read, root},
    table::{FLAGS_OF_OTHERS, NO_FILES},
};

/// Every command, with its path.
fn commands() -> Vec<(Vec<String>, Command)> {
    fn collect(command: Command, path: Vec<String>, all: &mut Vec<(Vec<String>, Command)>) {
        for child in command.get_subcommands() {
            collect(child.clone(), [&path[..], &[child.get_name().to_owned()]].concat(), all);
        }
        all.push((path, command));
    }
    let mut all = Vec::new();
    collect(pitlane::cli::command_line(), Vec::new(), &mut all);
    all
}

fn has_flag(command: &Command, name: &str) -> bool {
    ["help", "version"].contains(&name) || command.get_arguments().any(|arg| arg.get_long() == Some(name))
}

#[track_caller]
fn none(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn every_flag_that_a_document_names_is_there_and_takes_what_is_said() {
    let commands = commands();
    let others = |code: &str| FLAGS_OF_OTHERS.iter().any(|(flag, _)| code == *flag);
    let (mut wrong, mut met) = (Vec::new(), Vec::new());
    for (place, code) in documents().iter().flat_map(|path| inline(path, &read(path))).filter(|(_, code)| code.starts_with("--")) {
        if others(&code) {
            met.push(code);
            continue;
        }
        let mut words: Vec<&str> = code.split_whitespace().collect();
        let flag = words[0].trim_start_matches("--").split('=').next().unwrap_or_default().to_owned();
        let having: Vec<&(Vec<String>, Command)> = commands.iter().filter(|(_, command)| has_flag(command, &flag)).collect();
        // What stands there in capitals, or with a choice, is not a value.
        words.retain(|word| !pattern(r"^[A-Z][A-Z:=]*$|\|").is_match(word));
        let refuses = |(path, _): &&(Vec<String>, Command)| {
            let line = [&["pitlane".to_owned()], &path[..]].concat().into_iter().chain(words.iter().map(|word| (*word).to_owned()));
            let kind = pitlane::cli::command_line().try_get_matches_from(line).err().map(|error| error.kind());
            words.len() > 1 && matches!(kind, Some(ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::UnknownArgument))
        };
        if having.is_empty() {
            wrong.push(format!("{place}: no command has --{flag}"));
        } else if having.iter().all(refuses) {
            wrong.push(format!("{place}: `{code}` is refused"));
        }
    }
    none("flags", &wrong);
    for (flag, whose) in FLAGS_OF_OTHERS {
        assert!(met.iter().any(|code| code == flag), "no document names {flag} of {whose} any more: take it out of the table");
    }
}

#[test]
fn help_names_flags_and_commands_that_are_there() {
    let commands = commands();
    let mut wrong = Vec::new();
    for (path, command) in &commands {
        let about = [command.get_about(), command.get_long_about()].into_iter().flatten().map(ToString::to_string);
        let args = command.get_arguments().filter_map(|arg| arg.get_long_help().or(arg.get_help()).map(ToString::to_string));
        for text in about.chain(args) {
            // A command that the text names lends it its flags.
            let named = |other: &[String]| text.contains(&format!("`pitlane {}", other.join(" ")));
            for flag in pattern(r"--([a-z][a-z-]*[a-z])").captures_iter(&text) {
                let own = has_flag(command, &flag[1]) || path.is_empty() && commands.iter().any(|(_, any)| has_flag(any, &flag[1]));
                if !own && !commands.iter().any(|(other, any)| named(other) && has_flag(any, &flag[1])) {
                    wrong.push(format!("pitlane {}: {text:?} names {}", path.join(" "), &flag[0]));
                }
            }
            for code in pattern(r"`pitlane ([a-z- ]+)").captures_iter(&text) {
                let first = code[1].split(' ').next().unwrap_or_default();
                if !commands.iter().any(|(path, _)| path.first().is_some_and(|name| name == first)) {
                    wrong.push(format!("pitlane {}: {text:?} names `pitlane {first}`", path.join(" ")));
                }
            }
        }
    }
    none("help", &wrong);
}

#[test]
fn every_variable_that_a_document_names_is_read_somewhere() {
    let read_by_commands: Vec<String> = commands()
        .iter()
        .flat_map(|(_, command)| command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned)).collect::<Vec<_>>())
        .collect();
    let scripts: String = ["scripts", "tests", "crates", "src"]
        .iter()
        .flat_map(|folder| files(folder, &[".rs", ".sh", ".mjs"]))
        .filter(|path| !path.contains("/cli/documents/"))
        .map(|path| read(&path))
        .collect();
    let sources = scripts + &read("Makefile");
    let mut wrong = Vec::new();
    for path in documents().into_iter().chain(files("deploy", &[".yml", ".yaml", ".toml", ".service"])) {
        for name in pattern(r"\b(?:PITLANE|DOCKER|XDG|KUBE)_?[A-Z_]*[A-Z]\b").find_iter(&read(&path)).map(|name| name.as_str().to_owned()) {
            // What a deployment file asks of its own reader.
            let own = path.starts_with("deploy/") && read(&path).contains(&format!("${{{name}:?"));
            let used = read_by_commands.contains(&name) || pattern(&format!(r"\b{name}\b")).is_match(&sources);
            if !used && !own && !["KUBE", "XDG", "PITLANE", "DOCKER"].contains(&name.as_str()) {
                wrong.push(format!("{path}: nothing reads {name}"));
            }
        }
    }
    none("variables", &wrong);
}

#[test]
fn every_call_that_a_document_names_is_in_the_api() {
    let api: serde_json::Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let calls: Vec<(String, String, Vec<String>)> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let of = |value: &serde_json::Value| {
                value["parameters"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
            };
            let methods = item.as_object().unwrap().iter().filter(|(method, _)| *method != "parameters");
            methods.map(|(method, call)| (method.to_uppercase(), shape(path), [of(item), of(call)].concat())).collect::<Vec<_>>()
        })
        .collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in documents() {
        for named in pattern(r"\b(GET|POST|PATCH|PUT|DELETE) +(…?/[^\s`,;)]*[^\s`,;).])").captures_iter(&read(&path)) {
            let (call, query) = named[2].split_once('?').unwrap_or((&named[2], ""));
            let fits = |(method, known, _): &&(String, String, Vec<String>)| {
                *method == named[1] && call.strip_prefix('…').map_or_else(|| *known == shape(call), |end| known.ends_with(&shape(end)))
            };
            seen += 1;
            match calls.iter().find(fits) {
                None => wrong.push(format!("{path}: there is no {} {call}", &named[1])),
                Some((_, _, parameters)) => {
                    let asked = query.split('&').filter_map(|pair| pair.split('=').next()).filter(|name| !name.is_empty());
                    wrong.extend(
                        asked.filter(|name| !parameters.iter().any(|known| known == name)).map(|name| format!("{path}: {call} takes no {name}")),
                    );
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} calls were found");
    none("calls", &wrong);
}

/// A path without its base, every part that is filled in alike.
fn shape(path: &str) -> String {
    pattern(r"\{[^}]*\}").replace_all(path.strip_prefix("/api/v1").unwrap_or(path), "{}").into_owned()
}

#[test]
fn every_link_and_file_that_a_document_names_is_there() {
    let mut wrong = Vec::new();
    for path in documents() {
        let (text, folder) = (read(&path), path.rsplit_once('/').map_or("", |(folder, _)| folder));
        for link in pattern(r"\]\(([^)\s]+)\)").captures_iter(&text).map(|link| link[1].to_owned()).filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { root().join(&path) } else { root().join(folder).join(file) };
            match std::fs::read(&target) {
                Err(_) if !target.is_dir() => wrong.push(format!("{path}: {link} leads nowhere")),
                Ok(bytes) if !anchor.is_empty() && !headings(&String::from_utf8_lossy(&bytes)).iter().any(|heading| heading == anchor) => {
                    wrong.push(format!("{path}: {link} leads to no heading"));
                }
                _ => {}
            }
        }
        let named = pattern(r"(?:^|[\s`(,;])((?:deploy|docs|crates|src|tests|scripts|assets|style)/[\w./*-]+[\w*])");
        for file in named.captures_iter(&text).map(|file| file[1].to_owned()) {
            if !exists(&file) && !NO_FILES.iter().any(|(other, _)| file.starts_with(other)) {
                wrong.push(format!("{path}: there is no {file}"));
            }
        }
    }
    none("links and files", &wrong);
}

/// A path of the checkout, its last part perhaps with a star.
fn exists(path: &str) -> bool {
    let Some((before, after)) = path.split_once('*') else { return root().join(path).exists() };
    let (folder, begins) = before.rsplit_once('/').unwrap_or(("", before));
    let ends = after.split('/').next().unwrap_or_default();
    let names = std::fs::read_dir(root().join(folder)).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().any(|name| name.starts_with(begins) && name.ends_with(ends))
}

/// The anchors of a document's headings, as forges make them.
fn headings(text: &str) -> Vec<String> {
    let anchor = |title: &str| {
        let kept: String = title.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect();
        kept.replace(' ', "-")
    };
    text.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn versions_in_documents_are_those_of_the_code() {
    let cargo = read("Cargo.toml");
    let of_cargo = |key: &str| pattern(&format!(r#"(?m)^{key} = "([\d.]+)""#)).captures(&cargo).map(|found| found[1].to_owned()).unwrap();
    let (rust, own) = (of_cargo("rust-version"), env!("CARGO_PKG_VERSION"));
    let mut wrong = Vec::new();
    for path in documents().into_iter().chain(files("deploy", &[".yml", ".yaml"])) {
        let text = read(&path);
        let differs = |what: &str, version: &str| -> Vec<String> {
            pattern(what)
                .captures_iter(&text)
                .filter(|found| found[1] != *version)
                .map(|found| format!("{path}: {:?}, but it is {version}", &found[0]))
                .collect()
        };
        wrong.extend(differs(r"\bRust (\d+\.\d+)", &rust));
        wrong.extend(differs(r"/pitlane:(\d+\.\d+\.\d+)", own));
        wrong.extend(differs(r"newTag: (\d+\.\d+\.\d+)", own));
    }
    none("versions", &wrong);
}
