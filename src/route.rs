//! Every URL of the console, both ways. The only place that spells one.
//!
//! The URL is the first store: page, filters, order and the open sheet stand in it, so that a reload, the back button
//! and a link in a chat all lead to the same screen.

mod bulk;
mod workloads;

pub use bulk::{Many, Which};

use pitlane_api::{ActivityKind, NodeId};

use crate::model::group::GroupBy;
use crate::model::log_query::LogQuery;
use crate::model::plan::Wish;
use crate::model::query::{Facet, Query};
use crate::model::sort::Sort;
use crate::model::workloads::Filter;

/// The sheet that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Drain,
    Activate,
    /// Change the reason or the expected time.
    Maintenance,
    Remove,
    /// Hand the node's status to somebody else.
    Share,
    /// Plan a drain, or change the one that is planned.
    Plan,
}

impl Action {
    const ALL: [Action; 6] = [Action::Drain, Action::Activate, Action::Maintenance, Action::Remove, Action::Share, Action::Plan];

    const fn word(self) -> &'static str {
        match self {
            Action::Drain => "drain",
            Action::Activate => "activate",
            Action::Maintenance => "maintenance",
            Action::Remove => "remove",
            Action::Share => "share",
            Action::Plan => "plan",
        }
    }
}

/// A sheet over the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Over {
    One(Action, NodeId),
    Many(Many),
}

/// A screen of the console.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Route {
    /// `/nodes`, with a sheet over it while one is open: `?do=drain&node=…` or `?do=drain&nodes=…,…`.
    Fleet {
        query: Query,
        sheet: Option<Over>,
    },
    /// `/nodes/{id}`, and `?do=drain` for the link "please drain this".
    Node {
        id: NodeId,
        sheet: Option<Action>,
        /// `&reason=…&back=…` of that link.
        wish: Option<Wish>,
        /// `?q=…&stack=…&kind=…&stateful=yes`: which of the node's workloads are listed.
        workloads: Filter,
    },
    /// `/activity`, narrowed by `node`, `actor`, `kind`, `since` and `until`.
    Activity(LogQuery),
    /// `/bulk` lists what was done to many nodes at once, `/bulk/{id}` shows one of these.
    Bulk {
        id: Option<String>,
    },
    /// `/sessions`: where one is signed in; `?everyone=yes` where everybody is.
    Sessions {
        everyone: bool,
    },
    /// `/sign-in`; the code stands behind `#` and is never sent with a request for a page.
    SignIn,
    NotFound,
}

impl Route {
    /// The fleet with everything in it.
    pub fn fleet() -> Self {
        Self::Fleet { query: Query::default(), sheet: None }
    }

    /// A node's page.
    pub fn node(id: &NodeId) -> Self {
        Self::Node { id: id.clone(), sheet: None, wish: None, workloads: Filter::default() }
    }

    /// The whole activity log.
    pub fn activity() -> Self {
        Self::Activity(LogQuery::default())
    }

    /// Where one is signed in.
    pub fn sessions() -> Self {
        Self::Sessions { everyone: false }
    }

    /// Reads path and query (without `?`). Whatever cannot be read in a query is left out, so that an old link works.
    pub fn parse(path: &str, query: &str) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        match (segments.next(), segments.next(), segments.next()) {
            (None, ..) | (Some("nodes"), None, _) => Self::Fleet { query: read_query(query), sheet: read_sheet(query) },
            (Some("nodes"), Some(id), None) => {
                Self::Node { id: NodeId(decode(id)), sheet: read_action(query), wish: read_wish(query), workloads: workloads::read(query) }
            }
            (Some("activity"), None, _) => Self::Activity(read_log(query)),
            (Some("bulk"), id, None) => Self::Bulk { id: id.map(decode) },
            (Some("sessions"), None, _) => Self::Sessions { everyone: value(query, "everyone").is_some_and(|word| word == "yes") },
            (Some("sign-in"), None, _) => Self::SignIn,
            _ => Self::NotFound,
        }
    }

    /// Reads what [`Route::href`] wrote.
    pub fn read(href: &str) -> Self {
        let (path, query) = href.split_once('?').unwrap_or((href, ""));
        Self::parse(path, query)
    }

    /// Path and query, as they stand behind the host.
    pub fn href(&self) -> String {
        match self {
            Self::Fleet { query, sheet } => {
                let href = with_query("/nodes", fleet_pairs(query, sheet.as_ref()));
                match sheet {
                    Some(Over::Many(many)) => format!("{href}&{}", bulk::pair(&many.set)),
                    _ => href,
                }
            }
            Self::Node { id, sheet, wish, workloads } => {
                let wish = wish.iter().flat_map(|wish| [("reason", wish.reason.clone()), ("back", wish.back.clone())]);
                let open = sheet.iter().map(|action| ("do", action.word().to_owned()));
                let pairs = workloads::pairs(workloads).chain(open).chain(wish).filter(|(_, value)| !value.is_empty()).collect();
                with_query(&format!("/nodes/{}", encode(id.as_str())), pairs)
            }
            Self::Activity(query) => with_query("/activity", log_pairs(query)),
            Self::Bulk { id: None } => "/bulk".to_owned(),
            Self::Bulk { id: Some(id) } => format!("/bulk/{}", encode(id)),
            Self::Sessions { everyone: false } => "/sessions".to_owned(),
            Self::Sessions { everyone: true } => "/sessions?everyone=yes".to_owned(),
            Self::SignIn => "/sign-in".to_owned(),
            Self::NotFound => "/not-found".to_owned(),
        }
    }

    /// The same screen with a sheet over it.
    pub fn with_sheet(&self, action: Action, node: &NodeId) -> Self {
        match self {
            Self::Node { id, workloads, .. } if id == node => {
                Self::Node { id: id.clone(), sheet: Some(action), wish: None, workloads: workloads.clone() }
            }
            Self::Fleet { query, .. } => Self::Fleet { query: query.clone(), sheet: Some(Over::One(action, node.clone())) },
            _ => Self::Node { id: node.clone(), sheet: Some(action), wish: None, workloads: Filter::default() },
        }
    }

    /// The link "please drain this", with a reason.
    pub fn please_drain(id: &NodeId, wish: Option<Wish>) -> Self {
        Self::Node { id: id.clone(), sheet: Some(Action::Drain), wish, workloads: Filter::default() }
    }

    /// What such a link brings along.
    pub fn wish(&self) -> Option<Wish> {
        match self {
            Self::Node { wish, .. } => wish.clone(),
            _ => None,
        }
    }

    /// The fleet with a sheet about many nodes over it.
    pub fn with_many(&self, many: Many) -> Self {
        let query = match self {
            Self::Fleet { query, .. } => query.clone(),
            _ => Query::default(),
        };
        Self::Fleet { query, sheet: Some(Over::Many(many)) }
    }

    /// The same screen without its sheet.
    pub fn without_sheet(&self) -> Self {
        match self {
            Self::Fleet { query, .. } => Self::Fleet { query: query.clone(), sheet: None },
            Self::Node { id, workloads, .. } => Self::Node { id: id.clone(), sheet: None, wish: None, workloads: workloads.clone() },
            other => other.clone(),
        }
    }

    /// The open sheet and what it is about.
    pub fn sheet(&self) -> Option<Over> {
        match self {
            Self::Fleet { sheet, .. } => sheet.clone(),
            Self::Node { id, sheet, .. } => sheet.map(|action| Over::One(action, id.clone())),
            _ => None,
        }
    }
}

fn fleet_pairs(query: &Query, sheet: Option<&Over>) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if !query.text.is_empty() {
        pairs.push(("q", query.text.clone()));
    }
    if !query.show.is_empty() {
        pairs.push(("show", query.show.iter().map(|facet| facet.as_str()).collect::<Vec<_>>().join(",")));
    }
    if query.reversed || query.sort != Sort::default() {
        pairs.push(("sort", format!("{}{}", if query.reversed { "-" } else { "" }, query.sort.as_str())));
    }
    if let Some(group) = &query.group {
        pairs.push(("group", group.word()));
    }
    if query.table {
        pairs.push(("view", "table".to_owned()));
    }
    if !query.columns.is_empty() {
        // A label's key may have a comma in it, which else stands between two columns.
        let words: Vec<String> = query.columns.iter().map(|word| word.replace('%', "%25").replace(',', "%2C")).collect();
        pairs.push(("cols", words.join(",")));
    }
    pairs.extend(query.folded.iter().map(|key| ("folded", key.clone())));
    match sheet {
        Some(Over::One(action, node)) => pairs.extend([("do", action.word().to_owned()), ("node", node.0.clone())]),
        // The set itself comes last: its commas are between ids, and those in an id are encoded.
        Some(Over::Many(many)) => pairs.push(("do", many.action.word().to_owned())),
        None => {}
    }
    pairs
}

fn read_query(query: &str) -> Query {
    let words = value(query, "show").unwrap_or_default();
    let show = Facet::ALL.into_iter().filter(|facet| words.split(',').any(|word| word == facet.as_str())).collect();
    let sort = value(query, "sort").unwrap_or_default();
    let (reversed, sort) = sort.strip_prefix('-').map_or((false, sort.as_str()), |sort| (true, sort));
    Query {
        text: value(query, "q").unwrap_or_default(),
        show,
        sort: Sort::from_word(sort),
        reversed,
        group: value(query, "group").and_then(|word| GroupBy::from_word(&word)),
        folded: values(query, "folded").collect(),
        table: value(query, "view").is_some_and(|view| view == "table"),
        columns: value(query, "cols").unwrap_or_default().split(',').filter(|word| !word.is_empty()).map(decode).collect(),
    }
}

fn log_pairs(query: &LogQuery) -> Vec<(&'static str, String)> {
    let LogQuery { node, actor, kinds, since, until } = query;
    let kinds = kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",");
    let pairs = [("node", node.0.clone()), ("actor", actor.clone()), ("kind", kinds), ("since", since.clone()), ("until", until.clone())];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn read_log(query: &str) -> LogQuery {
    let text = |key| value(query, key).unwrap_or_default();
    let kinds = text("kind").split(',').map(ActivityKind::from_word).collect();
    LogQuery { node: NodeId(text("node")), actor: text("actor"), kinds, since: text("since"), until: text("until") }.readable()
}

fn read_action(query: &str) -> Option<Action> {
    let word = value(query, "do")?;
    Action::ALL.into_iter().find(|action| action.word() == word)
}

fn read_wish(query: &str) -> Option<Wish> {
    let text = |key| value(query, key).unwrap_or_default();
    if read_action(query) == Some(Action::Drain) { Wish::read(&text("reason"), &text("back")) } else { None }
}

fn read_sheet(query: &str) -> Option<Over> {
    let action = read_action(query)?;
    if let Some(id) = value(query, "node").filter(|id| !id.is_empty()) {
        return Some(Over::One(action, NodeId(id)));
    }
    let fits = matches!(action, Action::Drain | Action::Activate);
    bulk::read(query).filter(|_| fits).map(|set| Over::Many(Many { action, set }))
}

fn raw_values<'a>(query: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).filter(move |(k, _)| *k == key).map(|(_, v)| v)
}

fn value(query: &str, key: &str) -> Option<String> {
    values(query, key).next()
}

fn values(query: &str, key: &str) -> impl Iterator<Item = String> {
    raw_values(query, key).map(|v| decode(&v.replace('+', " ")))
}

fn with_query(path: &str, pairs: Vec<(&'static str, String)>) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// Percent-encodes everything but unreserved characters, and the comma and the colon, which are safe in a query and easier to read.
fn encode(text: &str) -> String {
    encode_all(text).replace("%2C", ",").replace("%3A", ":")
}

/// Percent-encodes everything but unreserved characters.
fn encode_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The reverse; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escape = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let byte = escape.and_then(|(digits, _)| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (byte, escape) {
            (Some(byte), Some((_, tail))) => {
                bytes.push(byte);
                rest = tail;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pitlane_api::WorkloadKind;
    use proptest::prelude::*;

    fn read(href: &str) -> Route {
        Route::read(href)
    }

    #[test]
    fn the_links_people_send() {
        assert_eq!(read("/nodes/edge-fra-01?do=drain"), Route::please_drain(&"edge-fra-01".into(), None));
        let asked = Wish { reason: "Kernel & <b>reboot</b>".into(), back: "120".into() };
        assert_eq!(read("/nodes/a?do=drain&reason=Kernel+%26+%3Cb%3Ereboot%3C/b%3E&back=120"), Route::please_drain(&"a".into(), Some(asked)));
        assert_eq!(read("/nodes/a?do=share&reason=Kernel"), read("/nodes/a?do=share"), "only a drain has a reason");
        assert_eq!(read("/"), Route::fleet());
        assert_eq!(read("/nodes/"), Route::fleet());
        assert_eq!(read("/nodes/a/b"), Route::NotFound);
        assert_eq!(read("/nowhere"), Route::NotFound);
        assert_eq!(read("/nodes?show=offline,nonsense,healthy&sort=nonsense&group=nonsense"), read("/nodes?show=healthy,offline"));
        assert_eq!(read("/nodes?sort=-cpu&group=label:rack&folded=real:b%207").href(), "/nodes?sort=-cpu&group=label:rack&folded=real:b%207");
    }

    #[test]
    fn a_sheet_closes_to_where_it_was_opened() {
        let fleet = read("/nodes?q=fra&show=healthy");
        let open = fleet.with_sheet(Action::Drain, &"a".into());
        assert_eq!(open.href(), "/nodes?q=fra&show=healthy&do=drain&node=a");
        assert_eq!(open.without_sheet(), fleet);
        let node = read("/nodes/a?q=web+7&stack=shop&kind=pod&stateful=yes");
        let open = node.with_sheet(Action::Share, &"a".into());
        assert_eq!(open.href(), "/nodes/a?q=web%207&stack=shop&kind=pod&stateful=yes&do=share");
        assert_eq!(open.without_sheet(), node);
        assert_eq!(read("/nodes/a?kind=nonsense&stateful=perhaps"), Route::node(&"a".into()));
    }

    #[test]
    fn a_sheet_about_many_nodes_names_them() {
        let fleet = read("/nodes?show=healthy");
        let set = Which::listed(vec!["a".into(), "b,c".into(), "ü".into()]).unwrap();
        let open = fleet.with_many(Many { action: Action::Drain, set });
        assert_eq!(open.href(), "/nodes?show=healthy&do=drain&nodes=a,b%2Cc,%C3%BC");
        assert_eq!(read(&open.href()), open);
        assert_eq!(open.without_sheet(), fleet);
        assert_eq!(read("/nodes?do=drain&nodes=a,,a,b"), read("/nodes?do=drain&nodes=a,b"), "each node once");
        assert_eq!(read("/nodes?do=share&nodes=a,b"), Route::fleet(), "there is no such sheet");
        let many = Which::listed((0..500).map(|n| NodeId(format!("0193a5d2-7c41-7000-8000-{n:012}"))).collect());
        assert_eq!(many.map_err(|ids| ids.len()), Err(500), "more than an address holds");
        assert_eq!(read("/bulk/one").href(), "/bulk/one");
        assert_eq!(read("/bulk/"), Route::Bulk { id: None });
    }

    #[test]
    fn an_old_link_to_the_log_works() {
        let read = |href| match read(href) {
            Route::Activity(query) => query,
            other => panic!("{other:?}"),
        };
        assert_eq!(read("/activity?kind=nonsense&since=yesterday&colour=red"), LogQuery::default());
        let query = read("/activity?node=edge-1&kind=activated,drained,drained&since=2026-01-02T03:04:05Z");
        assert_eq!(query.kinds, [ActivityKind::Drained, ActivityKind::Activated], "in one order, each once");
        assert_eq!((query.node.as_str(), query.since.as_str()), ("edge-1", "2026-01-02T03:04:05Z"));
    }

    fn any_log() -> impl Strategy<Value = LogQuery> {
        let kinds = prop::collection::vec(prop::sample::select(ActivityKind::ALL.to_vec()), 0..4);
        let time = || {
            prop::option::of(-60_000_000_000i64..250_000_000_000).prop_map(|second| match second {
                Some(second) => pitlane_api::Timestamp::from_second(second).map(|at| at.to_string()).unwrap_or_default(),
                None => String::new(),
            })
        };
        (".{0,16}", ".{0,16}", kinds, time(), time())
            .prop_map(|(node, actor, kinds, since, until)| LogQuery { node: NodeId(node), actor, kinds, since, until }.readable())
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let kind = prop::option::of(prop::sample::select([WorkloadKind::ALL, &[WorkloadKind::Unknown]].concat()));
        (".{0,16}", prop::option::of(".{1,8}"), kind, any::<bool>()).prop_map(|(text, stack, kind, stateful)| Filter { text, stateful, kind, stack })
    }

    fn any_route() -> impl Strategy<Value = Route> {
        let action = prop::sample::select(Action::ALL.to_vec());
        let id = ".{1,16}".prop_filter("a dot path is the browser's, not ours", |id| id != "." && id != "..").prop_map(NodeId);
        let group = prop_oneof![Just(GroupBy::Region), Just(GroupBy::Role), ".{1,8}".prop_map(GroupBy::Label)];
        let query = (
            ".{0,16}",
            prop::collection::btree_set(prop::sample::select(Facet::ALL.to_vec()), 0..4),
            prop::sample::select(Sort::ALL.to_vec()),
            any::<bool>(),
            prop::option::of(group),
            prop::collection::vec(".{0,8}", 0..3),
            any::<bool>(),
            prop::collection::vec(".{1,12}", 0..4),
        )
            .prop_map(|(text, show, sort, reversed, group, folded, table, columns)| Query {
                text,
                show: show.into_iter().collect(),
                sort,
                reversed,
                group,
                folded,
                table,
                columns,
            });
        let set = prop_oneof![
            prop::collection::hash_set(id.clone(), 1..5).prop_map(|ids| Which::Listed(ids.into_iter().collect())),
            ".{1,16}".prop_map(Which::Kept),
        ];
        let many = (prop::sample::select(vec![Action::Drain, Action::Activate]), set).prop_map(|(action, set)| Many { action, set });
        let over = prop_oneof![(action.clone(), id.clone()).prop_map(|(action, id)| Over::One(action, id)), many.prop_map(Over::Many)];
        prop_oneof![
            (query, prop::option::of(over)).prop_map(|(query, sheet)| Route::Fleet { query, sheet }),
            prop::option::of(id.clone()).prop_map(|id| Route::Bulk { id: id.map(|id| id.0) }),
            (id.clone(), prop::option::of(action), any_filter()).prop_map(|(id, sheet, workloads)| Route::Node { id, sheet, wish: None, workloads }),
            (id, ".{0,20}", "(120)?").prop_map(|(id, reason, back)| Route::please_drain(&id, Wish::read(&reason, &back))),
            any_log().prop_map(Route::Activity),
            any::<bool>().prop_map(|everyone| Route::Sessions { everyone }),
            Just(Route::SignIn),
            Just(Route::NotFound),
        ]
    }

    proptest! {
        #[test]
        fn every_route_survives_its_own_url(route in any_route()) {
            prop_assert_eq!(read(&route.href()), route);
        }

        #[test]
        fn no_url_panics(path in ".{0,40}", query in ".{0,40}") {
            let _ = Route::parse(&path, &query);
        }
    }
}
