//! Collects what was given: flags and variables through clap, the rest from the file.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};

use super::{Setting, TABLE, Wrong, default_data_dir};

/// A value as it was given, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As text.
    pub text: String,
    /// For a person: "--listen", "PITLANE_LISTEN", "listen in pitlane.toml".
    pub from: String,
}

/// What flags, variables and the file gave, before it is read. Flags win over variables, these over the file.
#[derive(Debug, Clone, Default)]
pub struct Given {
    values: BTreeMap<&'static str, Value>,
}

impl Given {
    /// What was given for `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// What was given, for tests and for commands that build on others: as if by flags.
    pub fn from_pairs(pairs: &[(&'static str, &str)]) -> Self {
        let values = pairs.iter().map(|(name, text)| (*name, Value { text: (*text).to_owned(), from: format!("--{name}") }));
        Self { values: values.collect() }
    }

    /// Adds what the file says where nothing else was given. The file is the one `config` names, if any.
    pub fn with_file(mut self) -> Result<Self, Wrong> {
        let Some(config) = self.values.get("config").cloned() else { return Ok(self) };
        let text = std::fs::read_to_string(&config.text).map_err(|error| Wrong(format!("{}: cannot read {}: {error}", config.from, config.text)))?;
        let table: toml::Table = text.parse().map_err(|error| Wrong(format!("{} is not TOML: {error}", config.text)))?;
        for (key, value) in table {
            let from = format!("{key} in {}", config.text);
            let setting = TABLE
                .iter()
                .find(|setting| setting.name != "config" && setting.key() == key)
                .ok_or_else(|| Wrong(format!("{from}: there is no such setting. `pitlane settings` lists them all.")))?;
            let text = scalar(&value).ok_or_else(|| Wrong(format!("{from} must be a text, a number or true or false")))?;
            self.values.entry(setting.name).or_insert(Value { text, from });
        }
        Ok(self)
    }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        // A list is how one writes several addresses.
        toml::Value::Array(parts) => parts.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>().map(|parts| parts.join(", ")),
        _ => None,
    }
}

fn augment(command: Command, settings: impl Iterator<Item = &'static Setting>) -> Command {
    settings.fold(command, |command, setting| {
        let default = if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
        let arg = Arg::new(setting.name).long(setting.name).env(setting.variable()).hide_env_values(true).help(format!("{}{default}", setting.help));
        // A switch may also be `--production=false`, to win over the file.
        command.arg(match setting.value {
            Some(value) => arg.value_name(value).action(ArgAction::Set),
            None => arg.value_name("true|false").action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("true"),
        })
    })
}

fn collect(matches: &ArgMatches, settings: impl Iterator<Item = &'static Setting>) -> Given {
    let values = settings.filter_map(|setting| {
        let text = matches.get_one::<String>(setting.name)?.clone();
        let from = match matches.value_source(setting.name)? {
            ValueSource::CommandLine => format!("--{}", setting.name),
            _ => setting.variable(),
        };
        // `PITLANE_LISTEN=` in a unit file is how one takes a setting back.
        (!(text.is_empty() && from.starts_with("PITLANE_"))).then_some((setting.name, Value { text, from }))
    });
    Given { values: values.collect() }
}

/// Every setting, as arguments of a command.
#[derive(Debug, Clone, Default)]
pub struct ServeGiven(pub Given);

/// Only where the data is and which file says so: for commands that work on the data directory itself.
#[derive(Debug, Clone, Default)]
pub struct DataDirOnly(pub Given);

impl DataDirOnly {
    /// The data directory.
    pub fn data_dir(&self) -> Result<PathBuf, Wrong> {
        let given = self.0.clone().with_file()?;
        Ok(given.get("data-dir").map_or_else(default_data_dir, |value| PathBuf::from(&value.text)))
    }
}

fn data_settings() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(|setting| matches!(setting.name, "config" | "data-dir"))
}

macro_rules! as_arguments {
    ($name:ident, $settings:expr) => {
        impl clap::FromArgMatches for $name {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                Ok(Self(collect(matches, $settings)))
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self(collect(matches, $settings));
                Ok(())
            }
        }

        impl clap::Args for $name {
            fn augment_args(command: Command) -> Command {
                augment(command, $settings)
            }

            fn augment_args_for_update(command: Command) -> Command {
                augment(command, $settings)
            }
        }
    };
}

as_arguments!(ServeGiven, TABLE.iter());
as_arguments!(DataDirOnly, data_settings());
