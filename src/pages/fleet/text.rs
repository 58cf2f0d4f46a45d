//! Texts of a list that follow it. All of them are of one type, since each type of closure in a view costs a kilobyte of program.

use leptos::prelude::*;

use super::listing::Listing;
use crate::model::content::{Cell, Content, Section};

/// What is read.
#[derive(Clone, Copy)]
pub enum Read {
    Content(fn(&Content) -> String),
    Section(fn(&Section) -> String),
    Cell(fn(&Cell, &Section) -> String),
}

/// A text that follows a list; empty where what it is about is being taken away.
pub fn follow(listing: Listing, section: &str, cell: &str, read: Read) -> Signal<String> {
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
