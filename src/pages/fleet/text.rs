//! What is read of a list by those who show it, and texts that follow it. All of these are of one type, since each type of closure in a view
//! costs a kilobyte of program.

use leptos::prelude::*;

use pitlane_api::NodeId;

use super::listing::Listing;
use crate::model::content::{Cell, Content, Section};
use crate::model::window::PX;

/// What is read.
#[derive(Clone, Copy)]
enum Read {
    Content(fn(&Content) -> String),
    Section(fn(&Section) -> String),
    Cell(fn(&Cell, &Section) -> String),
}

/// Reads keys of a list.
type Keys = Box<dyn Fn(&Content) -> Vec<String> + Send + Sync>;

/// A text that follows a list; empty where what it is about is being taken away.
fn follow(listing: Listing, section: &str, cell: &str, read: Read) -> Signal<String> {
    let (section, cell) = (section.to_owned(), cell.to_owned());
    Signal::derive(move || {
        let mut text = String::new();
        listing.read(&mut |content| {
            let section = content.sections.iter().find(|known| known.key == section);
            let cell = section.and_then(|section| section.cells.iter().find(|known| known.key() == cell).map(|cell| (cell, section)));
            text = match (read, section, cell) {
                (Read::Content(read), ..) => read(content),
                (Read::Section(read), Some(section), _) => read(section),
                (Read::Cell(read), _, Some((cell, section))) => read(cell, section),
                _ => String::new(),
            };
        });
        text
    })
}

impl Listing {
    /// A text about all of it.
    pub fn text(self, read: fn(&Content) -> String) -> Signal<String> {
        follow(self, "", "", Read::Content(read))
    }

    /// A text about one of its groups; none while that is being taken away.
    pub fn section_text(self, section: &str, read: fn(&Section) -> String) -> Signal<String> {
        follow(self, section, "", Read::Section(read))
    }

    /// A text about a cell of a group.
    pub fn cell_text(self, section: &str, cell: &str, read: fn(&Cell, &Section) -> String) -> Signal<String> {
        follow(self, section, cell, Read::Cell(read))
    }

    /// A text about a node of a group, whichever it is just now.
    pub fn member_text(self, section: StoredValue<String>, id: RwSignal<NodeId>, read: fn(&Cell, &Section) -> String) -> Memo<String> {
        Memo::new(move |_| {
            let mut text = String::new();
            self.read(&mut |content| {
                let section = section.with_value(|key| content.sections.iter().find(|known| known.key == *key));
                let cell =
                    |section: &Section| id.with(|id| section.cells.iter().find(|known| known.key() == id.as_str()).map(|cell| read(cell, section)));
                text = section.and_then(cell).unwrap_or_default();
            });
            text
        })
    }

    /// How many nodes there are to scroll through.
    pub fn total(self) -> usize {
        let mut total = 0;
        self.read(&mut |content| total = content.total);
        total
    }

    /// Whether a group is one of several, and whether its nodes are simulated.
    pub fn kind(self, key: &str) -> (bool, bool) {
        let mut kind = (false, false);
        self.read(&mut |content| {
            if let Some(section) = content.sections.iter().find(|section| section.key == key) {
                kind = (section.name.is_some(), section.simulated);
            }
        });
        kind
    }

    /// The groups that are in the document.
    pub fn keys(self) -> Memo<Vec<String>> {
        self.list(move |content| content.sections.iter().map(|section| section.key.clone()).collect())
    }

    /// The cards or rows of one of them, and the gaps between them.
    pub fn cells(self, key: String) -> Memo<Vec<String>> {
        let cells = |section: &Section| section.cells.iter().map(|cell| cell.key().to_owned()).collect();
        self.list(move |content| content.sections.iter().find(|section| section.key == key).map(cells).unwrap_or_default())
    }

    fn list(self, read: impl Fn(&Content) -> Vec<String> + Send + Sync + 'static) -> Memo<Vec<String>> {
        let read: Keys = Box::new(read);
        Memo::new(move |_| {
            let mut list = Vec::new();
            self.read(&mut |content| list = read(content));
            list
        })
    }
}

/// A height for a style.
pub fn height(length: u32) -> String {
    let (whole, part) = (length / PX, length % PX);
    // A sixty-fourth of a pixel has six decimals.
    if part == 0 { format!("{whole}px") } else { format!("{whole}.{:06}px", part * 1_000_000 / PX) }
}
