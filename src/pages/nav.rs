//! Where the person is. The address bar follows, and the address bar leads.

use leptos::prelude::*;
use pitlane_api::NodeId;

use crate::model::query::Query;
use crate::platform::focus;
use crate::platform::history;
use crate::route::Action;
use crate::route::Many;
use crate::route::Route;

/// The current route, and the ways to another one.
#[derive(Clone, Copy)]
pub struct Navigator {
    route: RwSignal<Route>,
    /// The open sheet was opened from here, so that closing it is going back.
    opened_here: StoredValue<bool>,
}

impl Navigator {
    /// Reads the address bar and follows it from now on.
    pub fn start() -> Self {
        let nav = Self { route: RwSignal::new(read()), opened_here: StoredValue::new(false) };
        history::on_change(move || {
            nav.opened_here.set_value(false);
            nav.arrive(read());
        });
        history::on_link(move |path, query| nav.go(Route::parse(&path, &query)));
        nav
    }

    /// Where the person is.
    pub fn route(self) -> Signal<Route> {
        self.route.into()
    }

    /// Goes elsewhere, as by a link.
    pub fn go(self, route: Route) {
        history::push(&route.href());
        self.opened_here.set_value(false);
        history::scroll_to_top();
        self.arrive(route);
        // A screen reader begins with the new page's heading.
        request_animation_frame(|| {
            focus::focus_first("main h1");
        });
    }

    /// Changes the address without a new entry in the history: for what is typed, pressed and sorted.
    pub fn replace(self, route: Route) {
        history::replace(&route.href());
        self.arrive(route);
    }

    /// Goes on to another page in place of this one: back leads to the one before.
    pub fn go_on(self, route: Route) {
        self.opened_here.set_value(false);
        history::scroll_to_top();
        self.replace(route);
        request_animation_frame(|| {
            focus::focus_first("main h1");
        });
    }

    /// A new entry in the history on the same page: focus and scrolling stay.
    pub fn push(self, route: Route) {
        history::push(&route.href());
        self.opened_here.set_value(false);
        self.arrive(route);
    }

    /// Shows the nodes that match, without taking the focus from the field that is typed into.
    pub fn search(self, text: String) {
        let query = Query { text, ..Query::default() };
        self.push(Route::Fleet { query, sheet: None });
    }

    /// Opens a sheet over the page.
    pub fn open(self, action: Action, node: &NodeId) {
        self.put_over(self.route.with_untracked(|route| route.with_sheet(action, node)));
    }

    /// Opens a sheet about many nodes over the fleet.
    pub fn open_many(self, many: Many) {
        self.put_over(self.route.with_untracked(|route| route.with_many(many)));
    }

    fn put_over(self, route: Route) {
        if self.route.with_untracked(|now| *now == route) {
            return;
        }
        history::push(&route.href());
        self.opened_here.set_value(true);
        self.arrive(route);
    }

    /// Closes the sheet.
    pub fn close(self) {
        if self.route.with_untracked(|route| route.sheet().is_none()) {
            return;
        }
        if self.opened_here.get_value() {
            self.opened_here.set_value(false);
            history::back();
        } else {
            self.replace(self.route.with_untracked(Route::without_sheet));
        }
    }

    fn arrive(self, route: Route) {
        if self.route.with_untracked(|now| *now != route) {
            self.route.set(route);
        }
    }
}

fn read() -> Route {
    let (path, query) = history::current();
    Route::parse(&path, &query)
}

/// A whole address, to hand to somebody.
pub fn absolute(route: &Route) -> String {
    format!("{}{}", history::origin(), route.href())
}
