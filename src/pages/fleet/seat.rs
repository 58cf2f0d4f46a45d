//! Cards that show one node after another. When a node is scrolled away, its card waits for the next one that comes: to show another node costs a
//! card a few texts, and to be made anew fifty elements and everything that listens in them.

use leptos::prelude::*;
use pitlane_api::NodeId;

use super::card::NodeCard;
use super::listing::Listing;
use crate::pages::context::App;
use crate::platform::piece::{Piece, put};
use crate::state::Row;
use crate::ui::view;

/// So many wait at most.
const WAIT: usize = 16;

/// Who sits there now.
#[derive(Clone, Copy)]
pub struct Seat {
    pub id: Signal<NodeId>,
    pub row: Signal<Row>,
}

impl Seat {
    /// The same node all the time.
    pub fn of(id: NodeId, row: Row) -> Self {
        Self { id: Signal::stored(id), row: Signal::stored(row) }
    }
}

#[derive(Clone, Copy)]
struct Card {
    id: RwSignal<NodeId>,
    piece: Piece,
}

/// The cards of one group of the list.
#[derive(Clone, Copy)]
pub struct Cards {
    listing: Listing,
    section: StoredValue<String>,
    waiting: StoredValue<Vec<Card>>,
    /// Cards outlive the place in which they stand.
    owner: StoredValue<Option<Owner>>,
}

impl Cards {
    /// None yet. They go with the owner that this is called under.
    pub fn of(listing: Listing, section: &str) -> Self {
        Self {
            listing,
            section: StoredValue::new(section.to_owned()),
            waiting: StoredValue::new(Vec::new()),
            owner: StoredValue::new(Owner::current()),
        }
    }

    /// A place with a node's card in it; nothing where there is no such node.
    pub fn place(self, id: NodeId) -> AnyView {
        let Some(row) = App::get().live.fleet.row_untracked(&id) else { return ().into_any() };
        let waiting = self.waiting.try_update_value(Vec::pop).flatten();
        let card = match waiting {
            Some(card) => {
                card.id.set(id);
                Some(card)
            }
            None => self.owner.get_value().and_then(|owner| owner.with(|| self.make(id, row))),
        };
        let Some(card) = card else { return ().into_any() };
        on_cleanup(move || {
            self.waiting.try_update_value(|waiting| if waiting.len() < WAIT { waiting.push(card) } else { card.piece.end() });
        });
        let piece = card.piece;
        view! { <div class="seat" use:put=piece></div> }
    }

    fn make(self, id: NodeId, first: Row) -> Option<Card> {
        let fleet = App::get().live.fleet;
        let id = RwSignal::new(id);
        // A node that is removed and comes back has another row.
        let row = Memo::new(move |before: Option<&Row>| {
            let row = id.with(|id| fleet.row(id));
            row.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
        });
        let position = self.listing.member_text(self.section, id, |cell, _| cell.place().0.to_string());
        let count = self.listing.member_text(self.section, id, |_, section| section.count.to_string());
        let seat = Seat { id: id.into(), row: row.into() };
        let card = move || view! { <NodeCard seat=seat position=position count=count /> };
        Some(Card { id, piece: Piece::make(card)? })
    }
}
