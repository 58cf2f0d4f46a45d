//! What of a list is in the document, group by group: the cards or rows near the screen, and gaps in place of the others.

use std::ops::Range;

use super::group::Group;
use super::window;
use super::window::{Extent, Heights, Place, Shape};

/// So few stand in the document all the time: then the browser's own search finds them too.
pub const FEW: usize = 40;

/// A group that is in the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub key: String,
    pub name: Option<String>,
    pub simulated: bool,
    pub open: bool,
    pub count: usize,
    /// What it adds up to.
    pub sentence: String,
    /// The space of the groups left out before it.
    pub before: u32,
    pub cells: Vec<Cell>,
}

/// A card or row, or the space of those left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Gap { key: &'static str, length: u32 },
    Member { id: String, position: usize, row: usize },
}

impl Cell {
    /// What it is known by.
    pub fn key(&self) -> &str {
        match self {
            Cell::Gap { key, .. } => key,
            Cell::Member { id, .. } => id,
        }
    }

    /// The height of a gap, as in `window`.
    pub const fn length(&self) -> u32 {
        match self {
            Cell::Gap { length, .. } => *length,
            Cell::Member { .. } => 0,
        }
    }

    /// Which of its group it is, and in which row of the list it stands.
    pub const fn place(&self) -> (usize, usize) {
        match self {
            Cell::Gap { .. } => (0, 0),
            Cell::Member { position, row, .. } => (*position, *row),
        }
    }
}

/// What is in the document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    pub sections: Vec<Section>,
    pub after: u32,
    /// How many nodes there are to scroll through.
    pub total: usize,
}

impl Content {
    /// The rows of all cards or rows, in the order of the document.
    pub fn rows(&self) -> Vec<usize> {
        let cells = self.sections.iter().flat_map(|section| &section.cells);
        cells.filter(|cell| matches!(cell, Cell::Member { .. })).map(|cell| cell.place().1).collect()
    }
}

/// No node's id begins like this.
const GAPS: [&str; 3] = ["\u{0}0", "\u{0}1", "\u{0}2"];

/// How many members of each group are shown.
pub fn extents(groups: &[Group], bound: usize) -> Vec<Extent> {
    let mut left = bound;
    let extent = |group: &Group| {
        let members = if group.open { group.members.len().min(left) } else { 0 };
        left = left.saturating_sub(members);
        Extent { members, headed: group.name.is_some() || group.simulated }
    };
    groups.iter().map(extent).collect()
}

/// Where a node stands.
pub fn find(groups: &[Group], id: &str) -> Option<Place> {
    groups.iter().enumerate().filter(|(_, group)| group.open).find_map(|(at, group)| {
        let member = group.members.iter().position(|entry| entry.id.as_str() == id)?;
        Some((at, member))
    })
}

/// What is in the document while `view` is on the screen: at most `bound` nodes, and the pinned one.
pub fn content(groups: &[Group], shape: &Shape, heights: &Heights, view: &Range<u32>, pin: Option<Place>, bound: usize) -> Content {
    let extents = extents(groups, bound);
    let window = window::window(&extents, shape, heights, view, pin);
    let section = |block: &window::Block| {
        let group = groups.get(block.group)?;
        let mut cells = Vec::new();
        let gap = |cells: &mut Vec<Cell>, at: usize, length: u32| {
            if let Some(key) = GAPS.get(at).filter(|_| length > 0) {
                cells.push(Cell::Gap { key, length });
            }
        };
        for (at, run) in block.runs.iter().enumerate() {
            gap(&mut cells, at, run.before);
            let members = group.members.iter().enumerate().skip(run.members.start).take(run.members.len());
            cells.extend(members.map(|(member, entry)| Cell::Member {
                id: entry.id.0.clone(),
                position: member + 1,
                row: block.first_row + member / shape.columns.max(1),
            }));
        }
        gap(&mut cells, 2, block.after);
        Some(Section {
            key: group.key.clone(),
            name: group.name.clone(),
            simulated: group.simulated,
            open: group.open,
            count: group.members.len(),
            sentence: group.totals.sentence(group.members.len()),
            before: block.before,
            cells,
        })
    };
    let sections = window.blocks.iter().filter_map(section).collect();
    Content { sections, after: window.after, total: groups.iter().map(|group| group.members.len()).sum() }
}

/// Whether a key is a gap's.
pub fn is_gap(key: &str) -> bool {
    GAPS.contains(&key)
}
