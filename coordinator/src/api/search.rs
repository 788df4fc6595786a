//! Search within one project and across all of one's projects.

use std::sync::Arc;

use engunity_protocol::ProjectId;
use engunity_protocol::path::ProjectPath;
use engunity_protocol::problem::{FieldError, Problem};
use engunity_protocol::search::{
    DEFAULT_HITS, MAX_CONTEXT, MAX_GLOB_BYTES, MAX_HITS, MAX_QUERY_BYTES, SearchAnswer, SearchCase,
    SearchMode, SearchRequest,
};
use serde_json::{Value, json};
use warp::http::Method;

use crate::app::App;
use crate::auth::Caller;
use crate::http::{
    error::{ApiError, ApiResult},
    parameter::{Parameter, Path, Query, arguments, number},
    reply,
    request::Request,
    router::Route,
};
use crate::search::checked;

/// Buffers of two mebibytes, in JSON.
const MAX_BODY: usize = 8 << 20;

pub fn routes() -> Vec<Route> {
    vec![
        Route::authenticated(Method::GET, "/api/v1/code/search", search_all),
        Route::authenticated(Method::GET, "/api/v1/code/{project_id}/search", search),
        Route::authenticated(Method::POST, "/api/v1/code/{project_id}/search", search_buffers)
            .max_body(MAX_BODY),
    ]
}

arguments! {
    /// A search as a query string.
    pub struct Asked {
        q: Query<Text>,
        mode: Query<Option<SearchMode>>,
        case: Query<Option<CaseWord>>,
        lang: Query<Option<Language>>,
        path: Query<Option<Glob>>,
        limit: Query<Option<Limit>>,
        explain: Query<Option<Explain>>,
        context: Query<Option<Context>>,
    }
}

impl From<Asked> for SearchRequest {
    fn from(asked: Asked) -> Self {
        Self {
            q: asked.q.0.0,
            mode: asked.mode.0.unwrap_or_default(),
            case: asked.case.0.map(|CaseWord(case)| case),
            lang: asked.lang.0.map(|Language(lang)| lang),
            path: asked.path.0.map(|Glob(glob)| glob),
            limit: asked.limit.0.map(|Limit(limit)| limit),
            explain: asked.explain.0.is_some_and(|Explain(explain)| explain),
            context: asked.context.0.map(|Context(lines)| lines),
            buffers: Vec::new(),
        }
    }
}

/// Searches all of one's projects, the newest two hundred.
#[utoipa::path(get, path = "/api/v1/code/search", operation_id = "search_all", tag = "search", security(("bearer" = [])),
    responses((status = 200, body = SearchAnswer), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn search_all(app: Arc<App>, caller: Caller, asked: Asked, _: Request) -> ApiResult {
    let asked = checked(asked.into()).map_err(refused)?;
    reply::json(&app.search.all(caller.user_id, asked).await?)
}

/// Searches a project. Files are found as they were last saved, also those that no index has yet.
#[utoipa::path(get, path = "/api/v1/code/{project_id}/search", operation_id = "search", tag = "search", security(("bearer" = [])),
    responses((status = 200, body = SearchAnswer), (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn search(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    asked: Asked,
    _: Request,
) -> ApiResult {
    let asked = checked(asked.into()).map_err(refused)?;
    reply::json(&app.search.project(caller.user_id, project, asked).await?)
}

/// Searches a project with buffers that are not saved: they count instead of the files at their paths.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/search", operation_id = "search_buffers", tag = "search", security(("bearer" = [])),
    request_body = SearchRequest,
    responses((status = 200, body = SearchAnswer), (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub async fn search_buffers(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    mut request: Request,
) -> ApiResult {
    let mut asked: SearchRequest = request.json().await?;
    for (at, buffer) in asked.buffers.iter_mut().enumerate() {
        let path = ProjectPath::parse(&buffer.path);
        buffer.path = path
            .map_err(|error| ApiError::field(format!("buffers[{at}].path"), error.to_string()))?
            .as_str()
            .to_owned();
    }
    let asked = checked(asked).map_err(refused)?;
    reply::json(&app.search.project(caller.user_id, project, asked).await?)
}

fn refused(wrong: Vec<(&'static str, String)>) -> ApiError {
    let error = |(field, message): (&str, String)| FieldError { field: field.to_owned(), message };
    ApiError::fields(wrong.into_iter().map(error).collect())
}

/// Defines a text that is a query parameter; its length is checked with the other fields.
macro_rules! text {
    ($type:ident, $name:literal, $most:expr, $pattern:literal, $about:literal) => {
        pub struct $type(String);

        impl Parameter for $type {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = $about;

            fn schema() -> Value {
                json!({"type": "string", "minLength": 1, "maxLength": $most, "pattern": $pattern})
            }

            fn read(text: &str) -> Result<Self, String> {
                Ok(Self(text.to_owned()))
            }
        }
    };
}

text!(
    Text,
    "q",
    MAX_QUERY_BYTES,
    r"^[^\x00]*[^\s\x00][^\x00]*$",
    "What is searched for. The limit counts bytes of UTF-8."
);
text!(Language, "lang", 50, r"^[^\x00]*$", "Only files of this language, such as `python`.");
text!(
    Glob,
    "path",
    MAX_GLOB_BYTES,
    r"^[^\x00]*$",
    "Only files whose path matches this glob; with `!` in front, only others."
);

/// Whether case matters; `true` and `false` are taken too.
pub struct CaseWord(SearchCase);

impl Parameter for CaseWord {
    const NAME: &'static str = "case";
    const DESCRIPTION: &'static str = "Whether upper and lower case are told apart; absent: by a regular expression, else where `q` has a capital letter.";

    fn schema() -> Value {
        json!({"type": "string", "enum": ["smart", "sensitive", "insensitive", "true", "false"]})
    }

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(Self(SearchCase::Sensitive)),
            "false" => Ok(Self(SearchCase::Insensitive)),
            word => word
                .parse()
                .map(Self)
                .map_err(|_| "must be one of: smart, sensitive, insensitive, true, false".into()),
        }
    }
}

/// The most hits.
pub struct Limit(u32);

impl Parameter for Limit {
    const NAME: &'static str = "limit";
    const DESCRIPTION: &'static str = "How many hits at most.";

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 1, "maximum": MAX_HITS, "default": DEFAULT_HITS})
    }

    fn read(text: &str) -> Result<Self, String> {
        number(text, 1, MAX_HITS).map(Self)
    }
}

/// Lines around hits.
pub struct Context(u32);

impl Parameter for Context {
    const NAME: &'static str = "context";
    const DESCRIPTION: &'static str = "Lines before and after each hit that its snippet has as well.";

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": MAX_CONTEXT, "default": 0})
    }

    fn read(text: &str) -> Result<Self, String> {
        number(text, 0, MAX_CONTEXT).map(Self)
    }
}

/// Whether hits say how their scores came about.
pub struct Explain(bool);

impl Parameter for Explain {
    const NAME: &'static str = "explain";
    const DESCRIPTION: &'static str = "Says of each hit how its score came about.";

    fn schema() -> Value {
        json!({"type": "string", "enum": ["true", "false", "1", "0"], "default": "false"})
    }

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err("must be true or false".into()),
        }
    }
}
