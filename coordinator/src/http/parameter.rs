//! Typed parameters of handlers. A parameter type defines its name, its parser and its JSON Schema in one place, and a
//! handler lists these types in its signature. The router, the handler and the OpenAPI document therefore agree.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::error::{ApiError, ApiResult};
use super::request::Request;
use crate::app::App;
use crate::auth::tokens::Caller;

/// A named value in the path, the query or a header.
pub trait Parameter: Sized + Send + 'static {
    /// The name in the path template, in the query or of the header.
    const NAME: &'static str;
    /// The description in the OpenAPI document.
    const DESCRIPTION: &'static str = "";

    /// Its JSON Schema in the OpenAPI document.
    fn schema() -> Value;

    /// Parses the text; the error states what is expected.
    fn read(text: &str) -> Result<Self, String>;

    /// The value of a missing parameter; `None`: the parameter is required.
    fn absent() -> Option<Self> {
        None
    }
}

impl<P: Parameter> Parameter for Option<P> {
    const NAME: &'static str = P::NAME;
    const DESCRIPTION: &'static str = P::DESCRIPTION;

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

/// A parameter as the OpenAPI document describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSpec {
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub location: &'static str,
    pub required: bool,
    pub description: &'static str,
    pub schema: Value,
}

impl ParameterSpec {
    fn new<P: Parameter>(location: &'static str) -> Self {
        let required = P::absent().is_none();
        Self { name: P::NAME, location, required, description: P::DESCRIPTION, schema: P::schema() }
    }
}

/// An argument of a handler, between the application and the request.
pub trait Argument: Sized + Send + 'static {
    fn describe(out: &mut Vec<ParameterSpec>);
    fn extract(request: &mut Request) -> Result<Self, ApiError>;
}

/// The authenticated caller. Only authenticated routes have one.
impl Argument for Caller {
    fn describe(_: &mut Vec<ParameterSpec>) {}

    fn extract(request: &mut Request) -> Result<Self, ApiError> {
        let caller = request.caller.take();
        caller.ok_or_else(|| ApiError::internal("a handler takes a caller, but its route is public"))
    }
}

/// A path parameter. A value that can't be parsed names nothing that exists, so it is a 404.
pub struct Path<P>(pub P);

impl<P: Parameter> Argument for Path<P> {
    fn describe(out: &mut Vec<ParameterSpec>) {
        out.push(ParameterSpec::new::<P>("path"));
    }

    fn extract(request: &mut Request) -> Result<Self, ApiError> {
        let what = P::NAME.strip_suffix("_id").unwrap_or(P::NAME);
        P::read(request.param(P::NAME)).map(Self).map_err(|_| ApiError::not_found(&format!("this {what}")))
    }
}

/// A query parameter.
pub struct Query<P>(pub P);

impl<P: Parameter> Argument for Query<P> {
    fn describe(out: &mut Vec<ParameterSpec>) {
        out.push(ParameterSpec::new::<P>("query"));
    }

    fn extract(request: &mut Request) -> Result<Self, ApiError> {
        read(request.query_param(P::NAME).map(Cow::Owned)).map(Self)
    }
}

/// A header.
pub struct Header<P>(pub P);

impl<P: Parameter> Argument for Header<P> {
    fn describe(out: &mut Vec<ParameterSpec>) {
        out.push(ParameterSpec::new::<P>("header"));
    }

    fn extract(request: &mut Request) -> Result<Self, ApiError> {
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

/// Defines a struct of arguments that is itself one argument.
macro_rules! arguments {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident { $($(#[$about:meta])* $field:ident: $argument:ty),+ $(,)? }) => {
        $(#[$doc])*
        $visibility struct $name { $($(#[$about])* $field: $argument),+ }

        impl $crate::http::parameter::Argument for $name {
            fn describe(out: &mut Vec<$crate::http::parameter::ParameterSpec>) {
                $(<$argument as $crate::http::parameter::Argument>::describe(out);)+
            }

            fn extract(request: &mut $crate::http::request::Request) -> Result<Self, $crate::http::error::ApiError> {
                Ok(Self { $($field: $crate::http::parameter::Argument::extract(request)?),+ })
            }
        }
    };
}
pub(crate) use arguments;

/// An async function of the application, its arguments and the request.
pub trait Handler<Arguments>: Send + Sync + 'static {
    fn describe() -> Vec<ParameterSpec>;
    fn call(&self, app: Arc<App>, request: Request) -> BoxFuture<'static, ApiResult>;
}

macro_rules! handlers {
    ($(($($argument:ident)*))+) => {
        $(impl<F, Fut, $($argument: Argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn(Arc<App>, $($argument,)* Request) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = ApiResult> + Send + 'static,
        {
            fn describe() -> Vec<ParameterSpec> {
                #[allow(unused_mut)] // for handlers without arguments
                let mut out = Vec::new();
                $($argument::describe(&mut out);)*
                out
            }

            #[allow(non_snake_case, unused_mut)] // type names are reused as variable names
            fn call(&self, app: Arc<App>, mut request: Request) -> BoxFuture<'static, ApiResult> {
                $(let $argument = match $argument::extract(&mut request) {
                    Ok(argument) => argument,
                    Err(error) => return Box::pin(std::future::ready(Err(error))),
                };)*
                Box::pin(self(app, $($argument,)* request))
            }
        })+
    };
}

handlers! { () (A) (A B) (A B C) (A B C D) (A B C D E) }

/// Implements [`Parameter`] for an identifier with a named schema in the document.
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
identifier!(engunity_protocol::VersionId, "version_id", "VersionId", "a version's id");
identifier!(engunity_protocol::TrashId, "trash_id", "TrashId", "an entry's id");
identifier!(engunity_protocol::JobId, "job_id", "JobId", "a job's id");

/// Implements [`Parameter`] for an enum; the error lists all its values.
macro_rules! enumeration {
    ($type:ty, $name:literal, $schema:literal) => {
        impl Parameter for $type {
            const NAME: &'static str = $name;

            fn schema() -> Value {
                json!({"$ref": concat!("#/components/schemas/", $schema)})
            }

            fn read(text: &str) -> Result<Self, String> {
                let values = || <$type>::ALL.iter().map(ToString::to_string).collect::<Vec<_>>();
                text.parse().map_err(|_| format!("must be one of: {}", values().join(", ")))
            }
        }
    };
}

enumeration!(engunity_protocol::job::JobState, "state", "JobState");
enumeration!(engunity_protocol::job::JobKind, "kind", "JobKind");
enumeration!(engunity_protocol::search::SearchMode, "mode", "SearchMode");
enumeration!(engunity_protocol::problem::ErrorCode, "code", "ErrorCode");

/// Parses a whole number within bounds.
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

    fn described<A, H: Handler<A>>(_: H) -> Vec<ParameterSpec> {
        H::describe()
    }

    #[test]
    fn a_signature_describes_itself() {
        let found = described(handler);
        let short: Vec<_> = found.iter().map(|one| (one.name, one.location, one.required)).collect();
        assert_eq!(
            short,
            [("project_id", "path", true), ("state", "query", false), ("job_id", "header", true)]
        );
        assert_eq!(found[0].schema, json!({"$ref": "#/components/schemas/ProjectId"}));
    }

    #[test]
    fn an_unknown_value_gets_the_list_of_values() {
        let error = <JobState as Parameter>::read("sleeping").unwrap_err();
        assert!(error.starts_with("must be one of: queued, running"), "{error}");
    }
}
