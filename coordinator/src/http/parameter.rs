//! What a handler takes from a request, by type. A type says its name, how its text is read and what the API document
//! says of it, once; a handler states the types in its signature. So the router, the handler and the document agree.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::error::{ApiError, ApiResult};
use super::request::Request;
use crate::app::App;
use crate::auth::tokens::Caller;

/// A value with a name of its own, in the path, the query or a header.
pub trait Parameter: Sized + Send + 'static {
    /// As it stands in the route's template, in the query or as the header's name.
    const NAME: &'static str;
    /// What the document says of it, in words.
    const ABOUT: &'static str = "";

    /// What the document says of it, as JSON Schema.
    fn schema() -> Value;

    /// Reads its text; the error says what it must be.
    fn read(text: &str) -> Result<Self, String>;

    /// What it is when it is not there; `None`: it must be there.
    fn absent() -> Option<Self> {
        None
    }
}

impl<P: Parameter> Parameter for Option<P> {
    const NAME: &'static str = P::NAME;
    const ABOUT: &'static str = P::ABOUT;

    fn schema() -> Value {
        P::schema()
    }

    fn read(text: &str) -> Result<Self, String> {
        P::read(text).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// What the document says of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    pub required: bool,
    pub about: &'static str,
    pub schema: Value,
}

impl Described {
    fn new<P: Parameter>(place: &'static str) -> Self {
        let required = P::absent().is_none();
        Self { name: P::NAME, place, required, about: P::ABOUT, schema: P::schema() }
    }
}

/// What stands in a handler's signature between the application and the request.
pub trait Argument: Sized + Send + 'static {
    fn describe(out: &mut Vec<Described>);
    fn take(request: &mut Request) -> Result<Self, ApiError>;
}

/// Who asks; only routes for users have one.
impl Argument for Caller {
    fn describe(_: &mut Vec<Described>) {}

    fn take(request: &mut Request) -> Result<Self, ApiError> {
        let caller = request.caller.take();
        caller.ok_or_else(|| ApiError::internal("a handler wants a caller, but its route is open"))
    }
}

/// A parameter of the path. What can't be read can't exist: 404.
pub struct Path<P>(pub P);

impl<P: Parameter> Argument for Path<P> {
    fn describe(out: &mut Vec<Described>) {
        out.push(Described::new::<P>("path"));
    }

    fn take(request: &mut Request) -> Result<Self, ApiError> {
        let what = P::NAME.strip_suffix("_id").unwrap_or(P::NAME);
        P::read(request.param(P::NAME)).map(Self).map_err(|_| ApiError::not_found(&format!("this {what}")))
    }
}

/// A parameter of the query.
pub struct Query<P>(pub P);

impl<P: Parameter> Argument for Query<P> {
    fn describe(out: &mut Vec<Described>) {
        out.push(Described::new::<P>("query"));
    }

    fn take(request: &mut Request) -> Result<Self, ApiError> {
        read(request.query_param(P::NAME).map(Cow::Owned)).map(Self)
    }
}

/// A header.
pub struct Header<P>(pub P);

impl<P: Parameter> Argument for Header<P> {
    fn describe(out: &mut Vec<Described>) {
        out.push(Described::new::<P>("header"));
    }

    fn take(request: &mut Request) -> Result<Self, ApiError> {
        let Some(value) = request.headers.get(P::NAME) else { return read(None).map(Self) };
        let text =
            value.to_str().map_err(|_| ApiError::field(P::NAME, "must be visible ASCII characters"))?;
        read(Some(Cow::Borrowed(text.trim()))).map(Self)
    }
}

fn read<P: Parameter>(text: Option<Cow<'_, str>>) -> Result<P, ApiError> {
    match text {
        Some(text) => P::read(&text).map_err(|why| ApiError::field(P::NAME, why)),
        None => P::absent().ok_or_else(|| ApiError::field(P::NAME, "is missing")),
    }
}

/// Many arguments under one name: a struct of them.
macro_rules! arguments {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident { $($(#[$about:meta])* $field:ident: $argument:ty),+ $(,)? }) => {
        $(#[$doc])*
        $visibility struct $name { $($(#[$about])* $field: $argument),+ }

        impl $crate::http::parameter::Argument for $name {
            fn describe(out: &mut Vec<$crate::http::parameter::Described>) {
                $(<$argument as $crate::http::parameter::Argument>::describe(out);)+
            }

            fn take(request: &mut $crate::http::request::Request) -> Result<Self, $crate::http::error::ApiError> {
                Ok(Self { $($field: $crate::http::parameter::Argument::take(request)?),+ })
            }
        }
    };
}
pub(crate) use arguments;

/// A plain async function: the application, its arguments, the request.
pub trait Handler<Arguments>: Send + Sync + 'static {
    fn describe() -> Vec<Described>;
    fn call(&self, app: Arc<App>, request: Request) -> BoxFuture<'static, ApiResult>;
}

macro_rules! handlers {
    ($(($($argument:ident)*))+) => {
        $(impl<F, Fut, $($argument: Argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn(Arc<App>, $($argument,)* Request) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = ApiResult> + Send + 'static,
        {
            fn describe() -> Vec<Described> {
                #[allow(unused_mut)] // where there are no arguments
                let mut out = Vec::new();
                $($argument::describe(&mut out);)*
                out
            }

            #[allow(non_snake_case, unused_mut)] // the types' names serve as the values' names
            fn call(&self, app: Arc<App>, mut request: Request) -> BoxFuture<'static, ApiResult> {
                $(let $argument = match $argument::take(&mut request) {
                    Ok(argument) => argument,
                    Err(error) => return Box::pin(std::future::ready(Err(error))),
                };)*
                Box::pin(self(app, $($argument,)* request))
            }
        })+
    };
}

handlers! { () (A) (A B) (A B C) (A B C D) (A B C D E) }

/// An identifier that the document names as a schema of its own.
macro_rules! identifier {
    ($type:ty, $name:literal, $schema:literal, $expected:literal) => {
        impl Parameter for $type {
            const NAME: &'static str = $name;

            fn schema() -> Value {
                json!({"$ref": concat!("#/components/schemas/", $schema)})
            }

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| concat!("must be ", $expected).to_owned())
            }
        }
    };
}

identifier!(engunity_protocol::ProjectId, "project_id", "ProjectId", "a project's id");
identifier!(engunity_protocol::FileId, "file_id", "FileId", "a file's id");
identifier!(engunity_protocol::JobId, "job_id", "JobId", "a job's id");

/// One of the words of an enum; the error names all of them.
macro_rules! word {
    ($type:ty, $name:literal, $schema:literal) => {
        impl Parameter for $type {
            const NAME: &'static str = $name;

            fn schema() -> Value {
                json!({"$ref": concat!("#/components/schemas/", $schema)})
            }

            fn read(text: &str) -> Result<Self, String> {
                let words = || <$type>::ALL.iter().map(ToString::to_string).collect::<Vec<_>>();
                text.parse().map_err(|_| format!("must be one of: {}", words().join(", ")))
            }
        }
    };
}

word!(engunity_protocol::job::JobState, "state", "JobState");
word!(engunity_protocol::job::JobKind, "kind", "JobKind");
word!(engunity_protocol::problem::ErrorCode, "code", "ErrorCode");

/// Reads a whole number within bounds.
pub fn number<N: FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    least: N,
    most: N,
) -> Result<N, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && *number >= least && *number <= most);
    number.ok_or_else(|| format!("must be a number from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use engunity_protocol::{JobId, ProjectId, job::JobState};

    use super::*;

    #[test]
    fn numbers_are_digits_within_bounds() {
        assert_eq!(number("7", 1, 9), Ok(7));
        for bad in ["", "0", "10", "+7", "-1", " 7", "7.0", "x", "99999999999999999999999"] {
            assert_eq!(number(bad, 1_i64, 9), Err("must be a number from 1 to 9".into()), "{bad}");
        }
    }

    async fn handler(
        _: Arc<App>,
        _: Path<ProjectId>,
        _: Query<Option<JobState>>,
        _: Header<JobId>,
        _: Request,
    ) -> ApiResult {
        super::super::reply::no_content()
    }

    fn described<A, H: Handler<A>>(_: H) -> Vec<Described> {
        H::describe()
    }

    #[test]
    fn a_signature_describes_itself() {
        let found = described(handler);
        let short: Vec<_> = found.iter().map(|one| (one.name, one.place, one.required)).collect();
        assert_eq!(
            short,
            [("project_id", "path", true), ("state", "query", false), ("job_id", "header", true)]
        );
        assert_eq!(found[0].schema, json!({"$ref": "#/components/schemas/ProjectId"}));
    }

    #[test]
    fn a_wrong_word_is_told_the_right_ones() {
        let said = <JobState as Parameter>::read("sleeping").unwrap_err();
        assert!(said.starts_with("must be one of: queued, running"), "{said}");
    }
}
