//! What narrows the table of workloads. All of it stands in the URL: each choice is an entry in the history, what is typed is none.

use leptos::prelude::*;
use pitlane_api::{Workload, WorkloadKind};

use crate::model::workloads;
use crate::model::workloads::Filter;
use crate::pages::context::App;
use crate::route::Route;
use crate::ui::FilterCheck;
use crate::ui::FilterSelect;
use crate::ui::SearchField;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// The filter that stands in the URL.
pub fn filter(app: App) -> Memo<Filter> {
    let route = app.nav.route();
    Memo::new(move |before: Option<&Filter>| match route.get() {
        Route::Node { workloads, .. } => workloads,
        _ => before.cloned().unwrap_or_default(),
    })
}

/// The same page with another filter.
fn narrowed(app: App, change: &dyn Fn(&mut Filter)) -> Route {
    let mut route = app.nav.route().get_untracked();
    if let Route::Node { workloads, .. } = &mut route {
        change(workloads);
    }
    route
}

/// A menu is there where there is something to choose.
#[component]
pub fn Filters(all: Memo<Vec<Workload>>, filter: Memo<Filter>) -> impl IntoView {
    let app = App::get();
    let choose = move |change: &dyn Fn(&mut Filter)| app.nav.push(narrowed(app, change));
    let kinds = Memo::new(move |_| all.with(|all| filter.with(|filter| workloads::kinds(all, filter))));
    let stacks = Memo::new(move |_| all.with(|all| filter.with(|filter| workloads::stacks(all, filter))));
    let of_kinds = move || {
        let each = kinds.get().into_iter().map(|kind| (kind.as_str().to_owned(), workloads::kind(kind)));
        vec![(String::new(), std::iter::once((String::new(), tr!("Every kind"))).chain(each).collect())]
    };
    let of_stacks = move || {
        let each = stacks.get().into_iter().map(|stack| (stack.clone(), stack));
        vec![(String::new(), std::iter::once((String::new(), tr!("Every stack"))).chain(each).collect())]
    };
    let text = Signal::derive(move || filter.with(|filter| filter.text.clone()));
    let kind = Signal::derive(move || filter.with(|filter| filter.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default()));
    let stack = Signal::derive(move || filter.with(|filter| filter.stack.clone().unwrap_or_default()));
    let stateful = Signal::derive(move || filter.with(|filter| filter.stateful));
    let typed = move |text: String| app.nav.replace(narrowed(app, &|filter| filter.text = text.clone()));
    let choose_kind = move |word: String| choose(&|filter| filter.kind = (!word.is_empty()).then(|| WorkloadKind::from_word(&word)));
    let choose_stack = move |stack: String| choose(&|filter| filter.stack = Some(stack.clone()).filter(|stack| !stack.is_empty()));
    let choose_stateful = move |stateful: bool| choose(&|filter| filter.stateful = stateful);
    view! {
        <div class="filters no-print" role="search" aria-label=tr!("Narrow the workloads")>
            <SearchField label=tr!("Find") value=text on_input=typed />
            <When cond=move || stacks.with(|stacks| stacks.len() > 1)>
                <FilterSelect label=tr!("Stack or namespace") choices=Signal::derive(of_stacks) value=stack on_change=choose_stack />
            </When>
            <When cond=move || kinds.with(|kinds| kinds.len() > 1)>
                <FilterSelect label=tr!("Kind") choices=Signal::derive(of_kinds) value=kind on_change=choose_kind />
            </When>
            <FilterCheck label=tr!("Stateful only") value=stateful on_change=choose_stateful />
        </div>
    }
}
