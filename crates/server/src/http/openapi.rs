//! The OpenAPI document, from the code, and the routes it describes: one list for both.

use pitlane_api::ErrorBody;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder,
        path::{Operation, ParameterIn},
        schema::{SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, events, routes as calls, session};

/// An answer that is not a success.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `Problem` writes; nobody makes one")]
pub struct Refused {
    /// Always false.
    success: bool,
    /// The words of the status code.
    status: String,
    /// The HTTP status code.
    status_code: u16,
    /// For a person.
    message: String,
    /// For a program.
    error: ErrorBody,
    /// Quote this when asking for help; it stands in the server's log.
    request_id: String,
    /// What the sentences of this answer were made of, by their English: a template and its values, for other languages.
    words: Option<pitlane_api::Glossary>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Pitlane", description = "The control-plane API: see the fleet, drain nodes with a reason, activate them once their checks are clean."),
    components(schemas(Refused)),
    security(("token" = []), ("session" = [])),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("`pitlane token create --role …`")).build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let agent = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An agent's own token, from its enrolment")).build();
        components.add_security_scheme("agent", SecurityScheme::Http(agent));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("pitlane_7070", "The console's session; named by the server's port."));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// Every call of the API under its base path, with its description.
pub fn api() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .routes(routes!(calls::fleet::fleet))
        .routes(routes!(calls::nodes::list))
        .routes(routes!(calls::nodes::node, calls::nodes::remove))
        .routes(routes!(calls::nodes::workloads))
        .routes(routes!(calls::nodes::samples))
        .routes(routes!(calls::nodes::diagnostics))
        .routes(routes!(calls::nodes::clear_for_work))
        .routes(routes!(calls::nodes::operation))
        .routes(routes!(calls::changes::drain_preview))
        .routes(routes!(calls::changes::drain))
        .routes(routes!(calls::changes::maintenance))
        .routes(routes!(calls::changes::activation_checks))
        .routes(routes!(calls::changes::activate))
        .routes(routes!(calls::changes::abort))
        .routes(routes!(calls::changes::retry))
        .routes(routes!(calls::plans::list))
        .routes(routes!(calls::plans::create, calls::plans::change, calls::plans::cancel))
        .routes(routes!(calls::fleet::activity))
        .routes(routes!(calls::fleet::export))
        .routes(routes!(calls::fleet::place))
        .routes(routes!(calls::bulk::list, calls::bulk::create))
        .routes(routes!(calls::bulk::preview))
        .routes(routes!(calls::bulk::one))
        .routes(routes!(calls::bulk::abort))
        .routes(routes!(calls::bulk::resume))
        .routes(routes!(calls::shared::list, calls::shared::create))
        .routes(routes!(calls::shared::revoke))
        .routes(routes!(calls::shared::status))
        .routes(routes!(calls::shared::events))
        .routes(routes!(events::events))
        .routes(routes!(session::sign_in, session::who_am_i, session::sign_out))
        .routes(routes!(calls::sessions::list, calls::sessions::end_all))
        .routes(routes!(calls::sessions::end_one))
        .routes(routes!(calls::agents::enroll))
        .routes(routes!(calls::agents::heartbeat))
        .routes(routes!(calls::health::openapi));
    let health =
        OpenApiRouter::new().routes(routes!(calls::health::healthz)).routes(routes!(calls::health::readyz)).routes(routes!(calls::health::metrics));
    OpenApiRouter::with_openapi(Document::openapi()).nest(pitlane_api::BASE_PATH, api).merge(health)
}

/// The document, as it is served and reviewed.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = api().into_openapi();
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
            describe_refusals(path, operation);
        }
    }
    document
}

/// Adds the answers any call may give, so that no handler has to repeat them: which ones follows from what it takes.
fn describe_refusals(path: &str, operation: &mut Operation) {
    let public = operation.security.as_ref().is_some_and(|security| security.iter().any(|s| *s == Default::default()));
    let metrics = path == "/metrics";
    let probe = !path.starts_with(pitlane_api::BASE_PATH);
    let has_path_id = path.contains('{');
    let has_body = operation.request_body.is_some();
    let parameters = || {
        operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
    };
    let has_query = parameters().any(|parameter| parameter.parameter_in == ParameterIn::Query);
    let changes = parameters().any(|parameter| parameter.name == "If-Match");
    let mut refusals = vec![(500, "A mistake of Pitlane's"), (503, "The engine or the store does not answer, or it took too long")];
    refusals.extend([(400, "Cannot be read as a request"), (429, "Too many requests")]);
    if !probe {
        refusals.push((403, "The role, the host or the origin does not allow it"));
    }
    if !public || metrics || path.contains("/session") || path.contains("/agents/") {
        refusals.push((401, "Nobody is signed in, or not any more"));
    }
    if has_path_id {
        refusals.push((404, "There is no such thing"));
    }
    if has_body {
        refusals.extend([
            (408, "The body did not arrive in time"),
            (413, "The body is too large"),
            (415, "The body is not JSON"),
            (422, "A field is wrong; `details.field` names it"),
        ]);
    }
    if has_query {
        refusals.push((422, "A parameter is wrong; `details.field` names it"));
    }
    if changes {
        refusals.extend([(409, "A rule refused it; see the code and details"), (428, "`If-Match` is missing"), (501, "Not on this engine")]);
    }
    for (status, what) in refusals {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(refusal(status, what)));
    }
}

fn refusal(status: u16, what: &str) -> utoipa::openapi::Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Refused"));
    let mut response = ResponseBuilder::new().description(what).content("application/json", ContentBuilder::new().schema(Some(schema)).build());
    if matches!(status, 429 | 503) {
        let seconds = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).build();
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds until another try makes sense")).build();
        response = response.header("Retry-After", header);
    }
    response.build()
}
