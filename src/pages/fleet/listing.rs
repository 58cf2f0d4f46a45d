//! Which nodes stand in the document: follows scrolling, focus and the heights of what is there. Knows neither cards nor rows.

use std::collections::BTreeMap;

use leptos::{html, prelude::*};
use pitlane_api::NodeId;

use crate::model::content::{Cell, Content, Section, content, extents, find};
use crate::model::group::Group;
use crate::model::query::Query;
use crate::model::window;
use crate::model::window::{Heights, Shape};
use crate::pages::context::App;
use crate::platform::history;
use crate::platform::viewport;

/// What is kept in the document beyond each edge of the screen, so that a turn of the wheel shows no empty place.
const BEYOND: u32 = 500;

/// So few stand in the document all the time: then the browser's own search finds them too.
const FEW: usize = 40;

/// How many are printed at most.
#[derive(Clone, Copy)]
pub struct Bound(pub usize);

/// The list of one page.
#[derive(Clone, Copy)]
pub struct Listing {
    pub content: Memo<Content>,
    groups: Memo<Vec<Group>>,
    shape: RwSignal<Shape>,
    heights: RwSignal<Heights>,
    view: RwSignal<(u32, u32)>,
    printing: RwSignal<bool>,
    root: NodeRef<html::Div>,
    guessed: StoredValue<bool>,
}

impl Listing {
    /// Shows what `query` asks for; `shape` is what is guessed until the first rows were measured.
    pub fn start(app: App, query: Memo<Query>, shape: Shape, bound: Bound) -> Self {
        let tick = Memo::new(move |_| app.clock.now().as_second() / 20);
        let groups = Memo::new_with_compare(
            move |_| {
                tick.get();
                query.with(|query| app.live.fleet.arrange(query, app.clock.now_untracked()))
            },
            // Whether anything of it is to be seen is decided by what is shown, which is little.
            |_, _| true,
        );
        app.live.chosen.shows(groups);
        let shape = RwSignal::new(shape);
        let heights = RwSignal::new(Heights::default());
        let view = RwSignal::new((0, viewport::height().saturating_add(BEYOND)));
        let pinned = RwSignal::new(None::<NodeId>);
        let printing = RwSignal::new(false);
        let content = Memo::new(move |_| {
            groups.with(|groups| {
                let bound = if printing.get() { bound.0 } else { usize::MAX };
                let few = groups.iter().map(|group| group.members.len()).sum::<usize>() <= FEW;
                let view = if few || printing.get() { (0, u32::MAX) } else { view.get() };
                let pin = pinned.with(|id| find(groups, id.as_ref()?));
                heights.with(|heights| content(groups, &shape.get(), heights, view.0..view.1, pin, bound))
            })
        });
        let listing = Self { content, groups, shape, heights, view, printing, root: NodeRef::new(), guessed: StoredValue::new(true) };
        viewport::on_scroll(move || listing.look());
        viewport::on_focus(move |id| pinned.set(id.map(NodeId)));
        viewport::on_print(move |now| printing.set(now));
        Effect::new(move || {
            if let Some(root) = listing.root.get() {
                listing.measure();
                viewport::on_resize(&root, move || listing.measure());
            }
        });
        history::on_scrolled(move || listing.scrolled_to());
        let loaded = app.live.fleet.loaded();
        // Where somebody was when they left this page, once all of it is here.
        Effect::new(move || {
            if loaded.get() && listing.root.get().is_some() {
                request_animation_frame(move || listing.restore());
            }
        });
        history::on_return(move || request_animation_frame(move || listing.restore()));
        listing
    }

    /// The node at the top of the screen and how far above the edge it begins, to be found again when somebody comes back.
    fn scrolled_to(self) -> Option<String> {
        let root = self.root.try_get_untracked().flatten()?;
        let top = viewport::top_of(&root);
        let edge = top.checked_neg().filter(|edge| *edge > 0)?.unsigned_abs();
        self.groups.with_untracked(|groups| {
            let (shape, heights) = (self.shape.get_untracked(), self.heights.get_untracked());
            let extents = extents(groups, usize::MAX);
            let window = window::window(&extents, &shape, &heights, &(edge..edge + 1), None);
            let block = window.blocks.first()?;
            let member = block.runs.first()?.members.start;
            let id = &groups.get(block.group)?.members.get(member)?.id;
            let begins = window::offset(&extents, &shape, &heights, (block.group, member));
            Some(format!("{} {id}", i64::from(edge) - i64::from(begins)))
        })
    }

    /// Goes back to where the history says that somebody was.
    fn restore(self) {
        let Some(root) = self.root.try_get_untracked().flatten() else { return };
        let Some(mark) = history::scrolled() else { return };
        let Some((below, id)) = mark.split_once(' ').and_then(|(below, id)| Some((below.parse::<i32>().ok()?, NodeId(id.to_owned())))) else {
            return history::scroll_to_top();
        };
        let begins = self.groups.with_untracked(|groups| {
            let place = find(groups, &id)?;
            let shape = self.shape.get_untracked();
            self.heights.with_untracked(|heights| Some(window::offset(&extents(groups, usize::MAX), &shape, heights, place)))
        });
        if let Some(begins) = begins {
            viewport::scroll_into(&root, begins.saturating_add_signed(below));
            self.look();
        }
    }

    /// What all of it stands in.
    pub fn root(self) -> NodeRef<html::Div> {
        self.root
    }

    /// The groups that are in the document.
    pub fn keys(self) -> Memo<Vec<String>> {
        Memo::new(move |_| self.content.with(|content| content.sections.iter().map(|section| section.key.clone()).collect()))
    }

    /// One of them; as it was last, while it is being taken away.
    pub fn section(self, key: String) -> Memo<Option<Section>> {
        Memo::new(move |before: Option<&Option<Section>>| {
            let now = self.content.with(|content| content.sections.iter().find(|section| section.key == key).cloned());
            now.or_else(|| before.cloned().flatten())
        })
    }

    /// Where the screen is.
    fn look(self) {
        let Some(root) = self.root.get_untracked() else { return };
        let top = viewport::top_of(&root);
        let start = top.saturating_neg().max(0).unsigned_abs();
        let end = i64::from(viewport::height()) - i64::from(top);
        let end = u32::try_from(end.max(0)).unwrap_or(u32::MAX);
        self.view.set((start.saturating_sub(BEYOND), end.saturating_add(BEYOND)));
    }

    /// How large what is in the document came out.
    fn measure(self) {
        let Some(root) = self.root.try_get_untracked().flatten() else { return };
        if self.printing.get_untracked() {
            return;
        }
        self.look();
        if let Some(columns) = viewport::columns(&root, ".cards")
            && columns != self.shape.with_untracked(|shape| shape.columns)
        {
            self.heights.set(Heights::default());
            self.shape.update(|shape| shape.columns = columns);
            return;
        }
        let seen = viewport::heights(&root, "[data-node]");
        let rows: Vec<usize> = self.content.with_untracked(|content| {
            let cells = content.sections.iter().flat_map(|section| &section.cells);
            cells.filter_map(|cell| if let Cell::Member { row, .. } = cell { Some(*row) } else { None }).collect()
        });
        // In the middle of a change.
        if rows.len() != seen.len() || rows.is_empty() {
            return;
        }
        let mut tallest = BTreeMap::new();
        for (row, height) in rows.into_iter().zip(seen) {
            let known: &mut u32 = tallest.entry(row).or_default();
            *known = (*known).max(height);
        }
        if self.guessed.get_value() {
            self.guessed.set_value(false);
            let average = tallest.values().sum::<u32>() / u32::try_from(tallest.len().max(1)).unwrap_or(1);
            self.shape.update(|shape| shape.row = average.max(1));
        }
        let mut heights = self.heights.get_untracked();
        let news = tallest.into_iter().fold(false, |news, (row, height)| heights.learn(row, height) || news);
        if news {
            self.heights.set(heights);
        }
    }
}
