//! What the documents say works: every command of README, docs, deploy, the console's and the program's own texts runs here as it stands, on a server
//! with nodes, and ends with 0. A document promises; where this fails, one of the two is mended.

mod found;
mod names;
mod stage;
mod table;

use clap::{Args as _, FromArgMatches as _};
use pitlane::settings::{ServeGiven, Settings};
use pitlane_api::Scheduling;

use found::{Found, documents, files, in_deployment, in_markdown, in_sources, in_text, pattern, read};
use stage::Stage;
use table::{CANNOT_RUN, NO_COMMANDS, ONLY_READ};

#[track_caller]
fn all_run(stage: &Stage, commands: &[Found]) {
    let wrong = stage.run_all(commands);
    assert!(wrong.is_empty(), "{} commands do not work as they stand:\n  {}", wrong.len(), wrong.join("\n  "));
}

fn in_documents() -> Vec<Found> {
    documents().iter().flat_map(|path| in_markdown(path, &read(path))).collect()
}

/// What the console and the server say, the help of the commands, and the page that stands before the console has loaded.
fn in_program() -> Vec<Found> {
    let mut all = in_sources(&["src", "crates"]);
    for (text, why) in NO_COMMANDS {
        let before = all.len();
        all.retain(|found| found.text != *text);
        assert!(all.len() < before, "nothing says {text} any more ({why}): take it out of the table");
    }
    all.extend(in_text("index.html", &read("index.html")));
    all
}

#[test]
fn every_command_of_the_documents_works() {
    let commands = in_documents();
    assert!(commands.len() > 60, "only {} commands were found", commands.len());
    all_run(&Stage::start(), &commands);
}

#[test]
fn every_command_of_the_deployment_works() {
    let commands = in_deployment();
    assert!(commands.iter().filter(|found| found.text.contains("pitlane")).count() >= 5, "{commands:?}");
    let stage = Stage::start();
    // Units find what the document about them writes; a service finds the secret that its stack is given.
    let written: Vec<Found> =
        in_documents().into_iter().filter(|found| pattern(r"^(cp|install|printf|chmod) .*/etc/").is_match(&found.text)).collect();
    stage.write_token("run/secrets/pitlane_enrol");
    all_run(&stage, &[written, commands].concat());
}

#[test]
fn every_command_that_the_program_names_works() {
    let commands = in_program();
    assert!(commands.len() > 30, "only {} commands were found", commands.len());
    all_run(&Stage::start(), &commands);
}

#[test]
fn what_cannot_run_here_stands_somewhere() {
    let all = [in_documents(), in_deployment(), in_program()].concat();
    for (program, why) in CANNOT_RUN {
        let called = pattern(&format!(r"(^|[\s/|(]){program} "));
        assert!(all.iter().any(|found| called.is_match(&found.text)), "nothing calls {program} any more ({why}): take it out of the table");
    }
    for (part, why) in ONLY_READ {
        assert!(all.iter().any(|found| found.text.contains(part)), "no command has {part} any more ({why}): take it out of the table");
    }
}

#[test]
fn a_translation_names_the_same_commands() {
    let mut wrong = Vec::new();
    for path in files("assets/i18n", &[".po"]) {
        let text = read(&path).replace("\"\n\"", "");
        let entry = pattern(r#"(?m)^msgid "(.*)"\n(?:msgid_plural "(.*)"\n)?((?:msgstr(?:\[\d\])? ".*"\n?)+)"#);
        for message in entry.captures_iter(&text) {
            let commands = |text: &str| in_text(&path, &text.replace("\\\"", "\"")).into_iter().map(|found| found.text).collect::<Vec<_>>();
            let said = commands(&message[1]);
            for translated in pattern(r#"msgstr(?:\[\d\])? "(.*)""#).captures_iter(&message[3]) {
                if commands(&translated[1]) != said {
                    wrong.push(format!("{path}: {:?} names {said:?}, its translation {:?}", &message[1], commands(&translated[1])));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_that_does_not_work_is_found() {
    let sample =
        "# A\n\n    pitlane token enrol    # a slip\n\nSee `pitlane token create --role viewer|operator` and `--flag`.\n\n```\nmake nothing\n```\n";
    let texts: Vec<String> = in_markdown("a.md", sample).into_iter().map(|found| found.text).collect();
    let expected = ["pitlane token enrol    # a slip", "make nothing", "pitlane token create --role viewer", "pitlane token create --role operator"];
    assert_eq!(texts, expected);
    let sentence = in_text("a.rs", "From: pitlane token create --role viewer, operator or admin");
    assert_eq!(sentence[0].text, "pitlane token create --role viewer");
    let optional: Vec<String> = in_markdown("a.md", "`pitlane token list [--all]`").into_iter().map(|found| found.text).collect();
    assert_eq!(optional, ["pitlane token list", "pitlane token list --all"]);
    assert_eq!(in_text("a.rs", "Played by pitlane demo. They count")[0].text, "pitlane demo");
    let stage = Stage::start();
    let wrong = stage.run_all(&[in_markdown("a.md", sample), sentence].concat());
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
    assert!(wrong[0].starts_with("a.md:3: ") && wrong[1].contains("no target nothing") && wrong[2].contains("--name"), "{wrong:#?}");
}

/// Requests for another host are refused, so an agent that does as it is told would be.
#[test]
fn the_readmes_server_answers_to_the_name_that_its_agents_use() {
    let readme: Vec<Found> = in_markdown("README.md", &read("README.md"));
    let words = |program: &str| -> Vec<String> {
        let line = readme.iter().find(|found| found.text.starts_with(program)).unwrap();
        line.text.split_whitespace().skip(1).take_while(|word| *word != "#").map(str::to_owned).collect()
    };
    let agent = words("pitlane agent");
    let asked = &agent[agent.iter().position(|word| word == "--server").unwrap() + 1];
    let matches = ServeGiven::augment_args(clap::Command::new("pitlane")).get_matches_from(words("pitlane serve"));
    let settings = Settings::read(ServeGiven::from_arg_matches(&matches).unwrap().0).unwrap();
    assert_eq!(settings.public_url.expect("the server knows no public address").origin(), *asked);
}

/// What the sheets show for names and reasons of every kind is what the command line reads: see the tests of `shell_word` for the shell's part.
#[test]
fn names_and_reasons_of_every_kind_come_back_from_the_command_line() {
    let odd = ["edge-fra-01", "two words", "it's", "$HOME `id`", "-rf", "--wait", "two\nlines", "{reason}", "a=b", "日本語"];
    for (name, reason) in odd.iter().flat_map(|name| odd.iter().map(move |reason| (*name, *reason))) {
        let targets = [Scheduling::Maintenance, Scheduling::Schedulable];
        for command in targets.into_iter().flat_map(|target| pitlane_engine_embedded::commands(name, target)) {
            let words = shell_words(&pitlane_api::with_reason(&command, reason));
            let matches = pitlane::cli::command_line().try_get_matches_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            let (verb, given) = matches.subcommand().unwrap();
            assert_eq!(given.get_many::<String>("nodes").unwrap().collect::<Vec<_>>(), [name], "{words:?}");
            assert!(given.get_flag("wait"), "{words:?}");
            assert!(verb == "activate" || given.get_one::<String>("reason").unwrap() == reason, "{words:?}");
        }
    }
}

fn shell_words(command: &str) -> Vec<String> {
    let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\0' {command}")]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}
