//! Reads and writes the files of gettext, as far as ours go.

use super::source::Message;

/// A message with its translation.
pub struct Entry {
    pub message: Message,
    /// One, or one for each form of a plural.
    pub texts: Vec<String>,
    /// A translator was not sure.
    pub fuzzy: bool,
    /// A translator's own remarks.
    remarks: Vec<String>,
}

/// A file.
pub struct Catalogue {
    /// Everything above the first message, as it stands.
    head: String,
    pub entries: Vec<Entry>,
}

impl Catalogue {
    /// Reads a file. What stands apart by an empty line is an entry; the first is the head.
    pub fn read(text: &str) -> Self {
        let mut blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
        let head = blocks.next().unwrap_or_default().to_owned();
        Self { head, entries: blocks.map(read_entry).collect() }
    }

    /// How many forms a number can take.
    pub fn forms(&self) -> usize {
        let count = self.head.split("nplurals=").nth(1).and_then(|rest| rest.split(';').next());
        count.and_then(|count| count.trim().parse().ok()).unwrap_or(1)
    }

    /// The file with these messages and no others.
    pub fn with_exactly(&self, said: &[(Message, Vec<String>)]) -> String {
        let mut text = format!("{}\n", self.head);
        for (message, from) in said {
            let known = self.entries.iter().find(|entry| entry.message.key() == message.key());
            text.push('\n');
            for remark in known.map(|entry| entry.remarks.as_slice()).unwrap_or_default() {
                text.push_str(&format!("{remark}\n"));
            }
            text.push_str(&format!("#: {}\n", from.join(" ")));
            if known.is_some_and(|entry| entry.fuzzy) {
                text.push_str("#, fuzzy\n");
            }
            if let Some(context) = &message.context {
                text.push_str(&format!("msgctxt {}\n", quoted(context)));
            }
            text.push_str(&format!("msgid {}\n", quoted(&message.one)));
            let old = |at: usize| known.and_then(|entry| entry.texts.get(at)).map_or("", String::as_str);
            match &message.many {
                Some(many) => {
                    text.push_str(&format!("msgid_plural {}\n", quoted(many)));
                    for form in 0..self.forms() {
                        text.push_str(&format!("msgstr[{form}] {}\n", quoted(old(form))));
                    }
                }
                None => text.push_str(&format!("msgstr {}\n", quoted(old(0)))),
            }
        }
        text
    }
}

fn read_entry(block: &str) -> Entry {
    let mut entry =
        Entry { message: Message { context: None, one: String::new(), many: None }, texts: Vec::new(), fuzzy: false, remarks: Vec::new() };
    let mut key = String::new();
    for line in block.lines().map(str::trim) {
        if let Some(flags) = line.strip_prefix("#,") {
            entry.fuzzy |= flags.contains("fuzzy");
        } else if line.starts_with("#:") {
            // Where it is said is written anew each time.
        } else if line.starts_with('#') {
            entry.remarks.push(line.to_owned());
        } else {
            let begins = !line.starts_with('"');
            let (word, value) = line.split_once('"').map_or(("", ""), |(word, rest)| (word.trim(), rest.trim_end_matches('"')));
            if begins {
                key = word.to_owned();
            }
            let field = match key.as_str() {
                "msgctxt" => entry.message.context.get_or_insert_default(),
                "msgid" => &mut entry.message.one,
                "msgid_plural" => entry.message.many.get_or_insert_default(),
                _ => {
                    if begins {
                        entry.texts.push(String::new());
                    }
                    entry.texts.last_mut().expect("a text begins with msgstr")
                }
            };
            field.push_str(&unescaped(value));
        }
    }
    entry
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn unescaped(text: &str) -> String {
    let mut letters = text.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn what_is_written_is_read_back() {
    let message = Message { context: Some("verb".into()), one: "Say \"one\"\\".into(), many: Some("{n}\nlines".into()) };
    let empty = Catalogue::read("msgid \"\"\nmsgstr \"nplurals=2; plural=(n != 1);\\n\"\n");
    let text = empty.with_exactly(&[(message.clone(), vec!["src/a.rs".into()])]);
    let again = Catalogue::read(&text.replace("msgstr[1] \"\"", "#  Said seldom.\nmsgstr[1] \"zwei \"\n\"Zeilen\""));
    assert_eq!(again.entries[0].message, message);
    assert_eq!(again.entries[0].texts, ["", "zwei Zeilen"]);
    assert_eq!(again.with_exactly(&[(message, vec!["src/a.rs".into()])]).matches("#  Said seldom.").count(), 1);
}
