//! The node's last 24 hours in small charts: heartbeats, processor, memory, disk, and each signal that is a matter of yes or no.

use leptos::prelude::*;
use pitlane_api::SignalState;

use super::Shared;
use super::chart_table::ChartTable;
use crate::api;
use crate::model::charts::Day;
use crate::model::charts::Series;
use crate::pages::poll::every;
use crate::platform::locale;
use crate::state::Load;
use crate::state::Remote;
use crate::ui::Chart;
use crate::ui::ChartLine;
use crate::ui::ChartMark;
use crate::ui::ChartScrubber;
use crate::ui::ChartShape;
use crate::ui::Mark;
use crate::ui::Problem;
use crate::ui::Skeleton;
use crate::ui::view;
use crate::words::tr;

/// The panel.
#[component]
pub fn Charts(shared: Shared) -> impl IntoView {
    let samples = Remote::new(move || {
        let id = shared.id.get_value();
        async move { api::samples(&id).await }
    });
    every(shared.app, 60, move || samples.reload());
    // Outside of what is drawn anew each minute: what is looked at stays.
    let cursor = RwSignal::new(None::<usize>);
    let open = RwSignal::new(false);
    let beat_s = Memo::new(move |_| shared.app.live.fleet.info().with(|info| info.as_ref().map_or(0, |info| info.thresholds.heartbeat_every_s)));
    let body = move || {
        samples.with(|load| match load {
            Load::Loading => view! { <Skeleton shape="line" count=6 /> },
            Load::Failed(error, None) => view! {
                <Problem title=tr!("The charts could not be read") text=error.message() on_retry=move |()| samples.reload() />
            },
            Load::Ready(samples) | Load::Failed(_, Some(samples)) => {
                view! { <Pictures day=Day::of(samples, beat_s.get()) cursor=cursor open=open /> }
            }
        })
    };
    view! {
        <section class="panel" aria-label=tr!("Last 24 hours")>
            <h2>{tr!("Last 24 hours")}</h2>
            {move || body()}
        </section>
    }
}

#[component]
fn Pictures(day: Day, cursor: RwSignal<Option<usize>>, open: RwSignal<bool>) -> impl IntoView {
    let slots = day.count();
    let series = day.series();
    let maintained: usize = day.maintenance().iter().map(|run| run.len).sum();
    let day = StoredValue::new(day);
    let moment = move |slot: usize| day.with_value(|day| locale::short(day.time(slot), day.time(slots.saturating_sub(1))));
    let said = {
        let series = series.clone();
        move || {
            let slot = cursor.get().unwrap_or(slots.saturating_sub(1));
            let values = day.with_value(|day| {
                let maintenance = day.sample(slot).is_some_and(|sample| sample.maintenance).then(|| tr!("in maintenance"));
                let each = series.iter().map(|series| format!("{} {}", series.name(), day.value(series, slot)));
                each.chain(maintenance).collect::<Vec<_>>().join(", ")
            });
            format!("{}: {values}", moment(slot))
        }
    };
    let rows = series.iter().cloned().map(|series| view! { <OneChart day=day series=series cursor=cursor /> }).collect_view();
    let at = move || cursor.get().map_or_else(|| tr!("The whole day"), moment);
    let stripes = (maintained > 0).then(|| {
        view! {
            <p class="muted hint">
                <span class="chart-key" aria-hidden="true"></span>
                {tr!("Striped: in maintenance.")}
            </p>
        }
    });
    view! {
        <p class="muted hint chart-at" aria-hidden="true">{at}</p>
        <ul class="charts">{rows}</ul>
        <ChartScrubber slots=slots cursor=cursor label=tr!("Time of the charts") reads=Signal::derive(said) />
        <div class="chart-scale" aria-hidden="true">
            <span>{tr!("24 h ago")}</span>
            <span>{tr!("12 h ago")}</span>
            <span>{tr!("now")}</span>
        </div>
        {stripes}
        <ChartTable day=day series=series open=open />
    }
}

/// Name, what the whole day was like or what was at the time that is looked at, and the picture.
#[component]
fn OneChart(day: StoredValue<Day>, series: Series, cursor: RwSignal<Option<usize>>) -> impl IntoView {
    let (slots, bands) = day.with_value(|day| (day.count(), day.maintenance().iter().map(|run| (run.from, run.len)).collect::<Vec<_>>()));
    let low = matches!(series, Series::Signal(_));
    let name = series.name();
    let summary = day.with_value(|day| day.summary(&series));
    let picture = day.with_value(|day| match &series {
        Series::Heartbeat => day.bars().into_iter().map(|(tone, path)| view! { <ChartShape tone=tone path=path /> }).collect_view().into_any(),
        Series::Signal(name) => {
            let runs = day.signal(name).into_iter().filter_map(|run| Some((run, mark(run.what)?)));
            runs.map(|(run, mark)| view! { <ChartMark from=run.from len=run.len mark=mark /> }).collect_view().into_any()
        }
        _ => {
            let (line, area) = day.line(&series);
            view! { <ChartLine line=line area=area /> }
        }
    });
    let value = move || cursor.get().map(|slot| day.with_value(|day| day.value(&series, slot)));
    let shown = {
        let summary = summary.clone();
        move || value().unwrap_or_else(|| summary.clone())
    };
    view! {
        <li>
            <span class="chart-head">
                <b>{name}</b>
                <span class="visually-hidden">": " {summary}</span>
                <span class="muted" aria-hidden="true">{shown}</span>
            </span>
            <Chart slots=slots bands=bands cursor=cursor low=low>
                {picture}
            </Chart>
        </li>
    }
}

/// What was not there is not drawn.
const fn mark(state: SignalState) -> Option<Mark> {
    match state {
        SignalState::Ok => Some(Mark::Good),
        SignalState::Bad => Some(Mark::Bad),
        SignalState::Unknown => Some(Mark::Unknown),
        SignalState::NotPresent => None,
    }
}
