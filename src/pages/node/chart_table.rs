//! The same day as a table: for those who do not see the charts, and for who wants every figure.

use leptos::prelude::*;

use crate::model::charts::Day;
use crate::model::charts::Run;
use crate::model::charts::Series;
use crate::model::format;
use crate::model::tone;
use crate::platform::locale;
use crate::ui::view;
use crate::words::tr;

/// Made when it is opened. Times that nobody watched are one line each.
#[component]
pub fn ChartTable(day: StoredValue<Day>, series: Vec<Series>, open: RwSignal<bool>) -> impl IntoView {
    let series = StoredValue::new(series);
    let table = move || open.get().then(|| view! { <Table day=day series=series /> });
    view! {
        <details class="chart-table no-print" prop:open=move || open.get()>
            <summary
                on:click=move |event| {
                    event.prevent_default();
                    open.update(|open| *open = !*open);
                }
            >
                {tr!("As a table")}
            </summary>
            {table}
        </details>
    }
}

#[component]
fn Table(day: StoredValue<Day>, series: StoredValue<Vec<Series>>) -> impl IntoView {
    let heads = series.with_value(|series| series.iter().map(|series| view! { <th scope="col">{series.name()}</th> }).collect_view());
    let rows = day.with_value(Day::rows).into_iter().map(|run| row(day, series, run)).collect_view();
    view! {
        <div class="table-scroll chart-rows" tabindex="0" role="region" aria-label=tr!("Table of the last 24 hours")>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{tr!("From")}</th>
                        {heads}
                        <th scope="col">{tr!("Health")}</th>
                        <th scope="col">{tr!("Maintenance")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(day: StoredValue<Day>, series: StoredValue<Vec<Series>>, run: Run<bool>) -> AnyView {
    let at = day.with_value(|day| locale::short(day.time(run.from), day.time(day.count().saturating_sub(1))));
    if !run.what {
        let columns = series.with_value(Vec::len) + 2;
        return view! {
            <tr>
                <th scope="row">{at}</th>
                <td class="muted" colspan=columns.to_string()>
                    {tr!("not watched")}
                </td>
            </tr>
        };
    }
    let (values, health, maintenance) = day.with_value(|day| {
        let values: Vec<String> = series.with_value(|series| series.iter().map(|series| day.value(series, run.from)).collect());
        let sample = day.sample(run.from);
        (values, sample.map(|sample| tone::health(sample.health).word), sample.is_some_and(|sample| sample.maintenance))
    });
    view! {
        <tr>
            <th scope="row">{at}</th>
            {values.into_iter().map(|value| view! { <td>{value}</td> }).collect_view()}
            <td>{health.unwrap_or_else(|| format::UNKNOWN.to_owned())}</td>
            <td>{if maintenance { tr!("yes") } else { tr!("no") }}</td>
        </tr>
    }
}
