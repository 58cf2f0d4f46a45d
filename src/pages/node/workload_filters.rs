//! What narrows the table of workloads.

use leptos::prelude::*;
use pitlane_api::{Workload, WorkloadKind};

use super::workloads::ROWS;
use crate::model::workloads;
use crate::model::workloads::Filter;
use crate::ui::CheckField;
use crate::ui::FilterSelect;
use crate::ui::SearchField;
use crate::ui::When;
use crate::ui::view;
use crate::words::tr;

/// A menu is there where there is something to choose.
#[component]
pub fn Filters(all: Memo<Vec<Workload>>, filter: RwSignal<Filter>, limit: RwSignal<usize>) -> impl IntoView {
    let change = move |change: &dyn Fn(&mut Filter)| {
        filter.update(|filter| change(filter));
        limit.set(ROWS);
    };
    let kinds = Memo::new(move |_| all.with(|all| workloads::kinds(all)));
    let stacks = Memo::new(move |_| all.with(|all| workloads::stacks(all)));
    let stateful = RwSignal::new(false);
    Effect::new(move || {
        let wanted = stateful.get();
        if filter.with_untracked(|filter| filter.stateful != wanted) {
            change(&|filter| filter.stateful = wanted);
        }
    });
    let of_kinds = move || {
        let each = kinds.get().into_iter().map(|kind| (kind.as_str().to_owned(), workloads::kind(kind)));
        vec![(String::new(), std::iter::once((String::new(), tr!("Every kind"))).chain(each).collect())]
    };
    let of_stacks = move || {
        let each = stacks.get().into_iter().map(|stack| (stack.clone(), stack));
        vec![(String::new(), std::iter::once((String::new(), tr!("Every stack"))).chain(each).collect())]
    };
    let kind = Signal::derive(move || filter.with(|filter| filter.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default()));
    let stack = Signal::derive(move || filter.with(|filter| filter.stack.clone().unwrap_or_default()));
    let choose_kind = move |word: String| change(&|filter| filter.kind = (!word.is_empty()).then(|| WorkloadKind::from_word(&word)));
    let choose_stack = move |stack: String| change(&|filter| filter.stack = Some(stack.clone()).filter(|stack| !stack.is_empty()));
    view! {
        <div class="filters no-print" role="search" aria-label=tr!("Narrow the workloads")>
            <SearchField label=tr!("Find") on_input=move |text: String| change(&|filter| filter.text = text.clone()) />
            <When cond=move || stacks.with(|stacks| stacks.len() > 1)>
                <FilterSelect label=tr!("Stack or namespace") choices=Signal::derive(of_stacks) value=stack on_change=choose_stack />
            </When>
            <When cond=move || kinds.with(|kinds| kinds.len() > 1)>
                <FilterSelect label=tr!("Kind") choices=Signal::derive(of_kinds) value=kind on_change=choose_kind />
            </When>
            <CheckField label=tr!("Stateful only") value=stateful />
        </div>
    }
}
