//! Which nodes stand in the document: follows scrolling, focus and the heights of what is there. Knows neither cards nor rows.
//!
//! Its state is plain, behind one signal that says that something of it changed: a signal of its own for each part would be a few
//! kilobytes of program each.

use leptos::{html, prelude::*};

use crate::model::content::{Content, FEW, content, extents, find};
use crate::model::group::Group;
use crate::model::query::Query;
use crate::model::window;
use crate::model::window::{Heights, PX, Shape, from_px};
use crate::pages::context::App;
use crate::platform::history;
use crate::platform::viewport;

/// What is kept in the document beyond each edge of the screen, so that a turn of the wheel shows no empty place.
const BEYOND: u32 = 500 * PX;

struct Inner {
    groups: Vec<Group>,
    shape: Shape,
    /// The shape's height of a row is a guess.
    guessed: bool,
    heights: Heights,
    /// From the top of the list.
    view: (u32, u32),
    /// Has the focus, and stays.
    pinned: Option<String>,
    printing: bool,
    /// How many are printed at most.
    bound: usize,
    content: Content,
}

/// The list of one page.
#[derive(Clone, Copy)]
pub struct Listing {
    inner: StoredValue<Inner>,
    changed: RwSignal<u64>,
    root: NodeRef<html::Div>,
}

impl Listing {
    /// Shows what `query` asks for; `shape` is what is guessed until the first rows were measured, and `bound` how many are printed.
    pub fn start(app: App, query: Memo<Query>, shape: Shape, bound: usize) -> Self {
        // The first frame has enough to do with the screen itself; what is beyond its edge comes with the first measure.
        let view = (0, from_px(viewport::height()));
        let inner = Inner {
            groups: Vec::new(),
            shape,
            guessed: true,
            heights: Heights::default(),
            view,
            pinned: None,
            printing: false,
            bound,
            content: Content::default(),
        };
        let listing = Self { inner: StoredValue::new(inner), changed: RwSignal::new(0), root: NodeRef::new() };
        let tick = Memo::new(move |_| app.live.fleet.overdue(app.clock.now()));
        let groups = Memo::new_with_compare(
            move |_| {
                tick.get();
                query.with(|query| app.live.fleet.arrange(query, app.clock.now_untracked()))
            },
            // Whether anything of it is to be seen is decided by what is shown, which is little.
            |_, _| true,
        );
        app.live.chosen.shows(groups);
        let arrange = move || groups.with(|groups| listing.change(&mut |inner| inner.groups.clone_from(groups)));
        // Once at once, so that the first cards are there with the page.
        untrack(arrange);
        Effect::new(arrange);
        viewport::on_scroll(move || listing.look());
        viewport::on_focus(move |id, pressed| {
            // What is pressed stands in the document already; the rest is for the next time that something changes.
            if pressed {
                listing.inner.try_update_value(|inner| inner.pinned = id);
            } else {
                listing.change(&mut |inner| inner.pinned.clone_from(&id));
            }
        });
        viewport::on_print(move |printing| listing.change(&mut |inner| inner.printing = printing));
        history::on_scrolled(move || listing.scrolled_to());
        history::on_return(move || request_animation_frame(move || listing.restore()));
        let loaded = app.live.fleet.loaded();
        Effect::new(move || {
            if let Some(root) = listing.root.get() {
                // Says so of the first size too, when that was painted.
                viewport::on_resize(&root, move || listing.measure());
                // Where somebody was when they left this page, once all of it is here.
                if loaded.get() {
                    listing.measure();
                    request_animation_frame(move || listing.restore());
                }
            }
        });
        listing
    }

    /// What all of it stands in.
    pub fn root(self) -> NodeRef<html::Div> {
        self.root
    }

    /// Reads what is in the document, and is run again when that changes.
    pub fn read(self, read: &mut dyn FnMut(&Content)) {
        self.changed.track();
        self.inner.with_value(|inner| read(&inner.content));
    }

    /// Whoever shows something of it is told only where what is in the document changed.
    fn change(self, f: &mut dyn FnMut(&mut Inner)) {
        let news = self.inner.try_update_value(|inner| {
            f(inner);
            let few = inner.groups.iter().map(|group| group.members.len()).sum::<usize>() <= FEW;
            let (bound, view) = match inner.printing {
                true => (inner.bound, 0..u32::MAX),
                false if few => (usize::MAX, 0..u32::MAX),
                false => (usize::MAX, inner.view.0..inner.view.1),
            };
            let pin = inner.pinned.as_ref().and_then(|id| find(&inner.groups, id));
            let now = content(&inner.groups, &inner.shape, &inner.heights, &view, pin, bound);
            let news = now != inner.content;
            inner.content = now;
            news
        });
        if news == Some(true) {
            self.changed.update(|changed| *changed = changed.wrapping_add(1));
        }
    }

    /// Where the screen is.
    fn look(self) {
        if let Some(root) = self.root.try_get_untracked().flatten() {
            let (start, end) = viewport::range(&root);
            let (start, end) = (from_px(start), from_px(end));
            self.change(&mut |inner| inner.view = (start.saturating_sub(BEYOND), end.saturating_add(BEYOND)));
        }
    }

    /// How large what is in the document came out.
    fn measure(self) {
        let Some(root) = self.root.try_get_untracked().flatten() else { return };
        let columns = viewport::columns(&root, ".cards");
        let seen: Vec<u32> = viewport::heights(&root, "[data-node]").into_iter().map(from_px).collect();
        self.change(&mut |inner| {
            if inner.printing {
                return;
            }
            if let Some(columns) = columns.filter(|columns| *columns != inner.shape.columns) {
                inner.shape.columns = columns;
                inner.heights = Heights::default();
                return;
            }
            let rows = inner.content.rows();
            // In the middle of a change.
            if rows.len() != seen.len() || rows.is_empty() {
                return;
            }
            if inner.guessed {
                inner.guessed = false;
                inner.shape.row = (seen.iter().sum::<u32>() / u32::try_from(seen.len()).unwrap_or(1)).max(1);
            }
            let mut tallest = (usize::MAX, 0);
            for (row, height) in rows.into_iter().zip(&seen) {
                tallest = if tallest.0 == row { (row, (*height).max(tallest.1)) } else { (row, *height) };
                inner.heights.learn(row, tallest.1);
            }
        });
        // After that: who looks first changes what ought to be in the document, and what is there no longer fits it.
        self.look();
    }

    /// The node at the top of the screen and how far above the edge it begins, to be found again when somebody comes back.
    fn scrolled_to(self) -> Option<String> {
        let root = self.root.try_get_untracked().flatten()?;
        let edge = from_px(viewport::range(&root).0);
        self.inner.with_value(|inner| {
            let extents = extents(&inner.groups, usize::MAX);
            let window = window::window(&extents, &inner.shape, &inner.heights, &(edge..edge + 1), None);
            let block = window.blocks.first().filter(|_| edge > 0)?;
            let member = block.runs.first()?.members.start;
            let id = &inner.groups.get(block.group)?.members.get(member)?.id;
            let begins = window::offset(&extents, &inner.shape, &inner.heights, (block.group, member));
            Some(format!("{} {id}", i64::from(edge) - i64::from(begins)))
        })
    }

    /// Goes back to where the history says that somebody was.
    fn restore(self) {
        let (Some(root), Some(mark)) = (self.root.try_get_untracked().flatten(), history::scrolled()) else { return };
        let Some((below, id)) = mark.split_once(' ') else { return history::scroll_to_top() };
        let begins = self.inner.with_value(|inner| {
            let place = find(&inner.groups, id)?;
            Some(window::offset(&extents(&inner.groups, usize::MAX), &inner.shape, &inner.heights, place))
        });
        if let Some(begins) = begins {
            let below = begins.saturating_add_signed(below.parse().unwrap_or_default());
            viewport::scroll_into(&root, f64::from(below) / f64::from(PX));
            self.look();
        }
    }
}
