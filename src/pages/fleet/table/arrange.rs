//! Cards or rows, and what stands together. Small tools of the fleet's head.

use leptos::prelude::*;

use crate::model::group::GroupBy;
use crate::model::query::Query;
use crate::model::sort::Sort;
use crate::model::tone::Glyph;
use crate::pages::context::App;
use crate::pages::fleet::show;
use crate::ui::Icon;
use crate::ui::view;
use crate::words::tr;

/// Cards or rows.
#[component]
pub fn Switch(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let table = Memo::new(move |_| query.with(|query| query.table));
    let button = move |rows: bool, glyph: Glyph, name: String| {
        let pressed = move || if table.get() == rows { "true" } else { "false" };
        let press = move |_| show(app, Query { table: rows, ..query.get_untracked() });
        view! {
            <button type="button" class="button" data-kind="quiet" data-shape="icon" aria-pressed=pressed aria-label=name.clone() title=name on:click=press>
                <Icon glyph=glyph />
            </button>
        }
    };
    view! {
        <div class="switch" role="group" aria-label=tr!("View")>
            {button(false, Glyph::Cards, tr!("Cards"))}
            {button(true, Glyph::Rows, tr!("Table"))}
        </div>
    }
}

/// In which order.
#[component]
pub fn Order(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    let sort = move |event| show(app, Query { sort: Sort::from_word(&event_target_value(&event)), reversed: false, ..query.get_untracked() });
    let options = Sort::ALL
        .into_iter()
        // The table's headers sort by more than the menu offers: that one is named too, while it is chosen.
        .enumerate()
        .map(|(at, sort)| {
            let selected = move || query.with(|query| query.sort == sort);
            let hidden = move || at >= Sort::IN_MENU && !selected();
            view! { <option value=sort.as_str() selected=selected hidden=hidden>{tr!("Sort: {}", sort.label())}</option> }
        })
        .collect_view();
    view! {
        <select class="button" aria-label=tr!("Sort") on:change=sort>
            {options}
        </select>
    }
}

/// By region, by role, or by any label that some node has.
#[component]
pub fn Grouping(query: Memo<Query>) -> impl IntoView {
    let app = App::get();
    // What labels there are is asked when somebody is about to choose.
    let labels = RwSignal::new(Vec::<String>::new());
    let ask = move |_| labels.set(app.live.fleet.label_keys());
    let chosen = Memo::new(move |_| query.with(|query| query.group.clone()));
    let choose =
        move |event| show(app, Query { group: GroupBy::from_word(&event_target_value(&event)), folded: Vec::new(), ..query.get_untracked() });
    let option = move |group: Option<GroupBy>| {
        let (word, label) = group.as_ref().map_or((String::new(), tr!("none")), |group| (group.word(), group.label()));
        let selected = move || chosen.with(|chosen| *chosen == group);
        view! { <option value=word selected=selected>{tr!("Group: {}", label)}</option> }
    };
    let options = move || {
        let mut groups = vec![None, Some(GroupBy::Region), Some(GroupBy::Role)];
        groups.extend(labels.get().into_iter().map(|key| Some(GroupBy::Label(key))));
        if let Some(group) = chosen.get().filter(|group| !groups.contains(&Some(group.clone()))) {
            groups.push(Some(group));
        }
        groups.into_iter().map(option).collect_view()
    };
    view! {
        <select class="button" aria-label=tr!("Group") on:change=choose on:focus=ask>
            {options}
        </select>
    }
}
