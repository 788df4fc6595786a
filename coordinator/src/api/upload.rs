//! Upload: one file or one archive, as a form that is received into a temporary file.

use std::sync::Arc;

use engunity_protocol::ProjectId;
use engunity_protocol::problem::{ErrorCode, Problem};
use engunity_protocol::project::Uploaded;
use multer::{Field, Multipart};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;
use warp::http::{Method, header};

use super::errors::disk;
use super::{origin, projects};
use crate::app::App;
use crate::auth::Caller;
use crate::files::Upload;
use crate::http::error::{ApiError, ApiResult};
use crate::http::parameter::{Parameter, Path, Query};
use crate::http::reply;
use crate::http::request::{Request, too_large};
use crate::http::router::{RequestBody, Route};

/// What a form has beside the file's bytes.
const FORM: u64 = 1 << 20;

/// Whether the top folder is taken off.
pub struct Strip(bool);

impl Parameter for Strip {
    const NAME: &'static str = "strip";
    const DESCRIPTION: &'static str = "Take off the single top folder of an archive.";

    fn schema() -> Value {
        json!({"type": "string", "enum": ["1", "0", "true", "false"], "default": "0"})
    }

    fn read(text: &str) -> Result<Self, String> {
        match text {
            "1" | "true" => Ok(Self(true)),
            "0" | "false" => Ok(Self(false)),
            _ => Err("must be 1 or 0".into()),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self(false))
    }
}

pub fn routes() -> Vec<Route> {
    let route = Route::authenticated(Method::POST, "/api/v1/code/{project_id}/upload", upload);
    vec![route.body(RequestBody::Multipart).max_body(usize::MAX).slow().uploads()]
}

/// Uploads one file, or a zip, tar, tar.gz or tar.zst archive that is unpacked over the project's files. What can't be part
/// of a project is left out and named.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/upload", operation_id = "upload", tag = "files", security(("bearer" = [])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Uploaded), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn upload(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(Strip(strip)): Query<Strip>,
    request: Request,
) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    let form = receive(&app, &request).await?;
    let (arrivals, skipped) =
        app.files.upload(caller.user_id, project, form, strip, origin(&request)).await?;
    let project = projects::filled(&app, caller.user_id, project, &arrivals).await?;
    reply::json(&Uploaded { project, skipped: skipped.named, skipped_total: skipped.total })
}

/// The form, for the document.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)]
pub struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Where one plain file goes; its own name otherwise.
    #[schema(schema_with = engunity_protocol::schema::form_path)]
    path: Option<String>,
}

/// Reads the form; its file goes to disk as it comes.
async fn receive(app: &App, request: &Request) -> Result<Upload, ApiError> {
    let limit = app.config.quota.upload_mb << 20;
    let length = request.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    if length.is_some_and(|length| length > limit + FORM) {
        return Err(too_large(limit as usize));
    }
    let content_type = request.header(header::CONTENT_TYPE).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type)
        .map_err(|error| ApiError::new(ErrorCode::MalformedBody, error.to_string()))?;
    let mut form = Multipart::new(request.body.clone().pieces(), boundary);
    let (mut file, mut path) = (None, None);
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        match field.name().unwrap_or_default() {
            "file" if file.is_some() => {
                return Err(ApiError::field("file", "send one file, or an archive of many"));
            }
            "file" => file = Some(spool(field, limit).await?),
            "path" => path = Some(short_text(field).await?),
            other => return Err(ApiError::field(other, "is not a field of this form")),
        }
    }
    let (file, size, name) = file.ok_or_else(|| ApiError::field("file", "is missing"))?;
    Ok(Upload { file, size, name, path })
}

fn malformed(error: multer::Error) -> ApiError {
    ApiError::new(ErrorCode::MalformedBody, format!("the form can't be read: {error}"))
}

async fn spool(mut field: Field<'static>, limit: u64) -> Result<(NamedTempFile, u64, String), ApiError> {
    let name = field.file_name().unwrap_or("upload").to_owned();
    let file = NamedTempFile::new().map_err(disk)?;
    let mut writer = tokio::io::BufWriter::new(tokio::fs::File::from_std(file.reopen().map_err(disk)?));
    let mut size = 0;
    while let Some(piece) = field.chunk().await.map_err(malformed)? {
        size += piece.len() as u64;
        if size > limit {
            return Err(too_large(limit as usize));
        }
        writer.write_all(&piece).await.map_err(disk)?;
    }
    writer.flush().await.map_err(disk)?;
    Ok((file, size, name))
}

async fn short_text(mut field: Field<'static>) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(malformed)? {
        text.extend_from_slice(&piece);
        if text.len() > 4096 {
            return Err(ApiError::field("path", "is too long"));
        }
    }
    String::from_utf8(text).map_err(|_| ApiError::field("path", "is not UTF-8"))
}
