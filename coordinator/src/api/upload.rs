//! Upload: one file or one archive, as a form. Received into a temporary file, unpacked beside the request's
//! thread, its objects stored, and then all files written in one transaction: before that nothing has changed.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::keys;
use engunity_languages::Catalog;
use engunity_protocol::file::FileType;
use engunity_protocol::problem::{ErrorCode, Problem};
use engunity_protocol::project::Project;
use engunity_protocol::{ProjectId, UserId};
use engunity_store::plan::Arrival;
use futures::{StreamExt, TryStreamExt, stream};
use multer::{Field, Multipart};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;
use warp::http::{Method, header};

use super::{files, projects};
use crate::app::App;
use crate::auth::tokens::Caller;
use crate::files::archive::{self as unpack, Budget, Entry, Kind, Refusal};
use crate::files::content;
use crate::http::error::{ApiError, ApiResult};
use crate::http::parameter::{Parameter, Path, Query};
use crate::http::request::{Request, too_large};
use crate::http::router::{Route, Takes};

/// What a form has beside the file's bytes.
const FORM: u64 = 1 << 20;
const RATIO: u64 = 200;
/// Objects on their way to storage at one time.
const PARALLEL: usize = 8;

/// Whether the top folder is taken off.
pub struct Strip(bool);

impl Parameter for Strip {
    const NAME: &'static str = "strip";
    const ABOUT: &'static str = "Take off the single top folder of an archive.";

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
    let route = Route::signed(Method::POST, "/api/v1/code/{project_id}/upload", upload);
    vec![route.takes(Takes::Multipart).up_to(usize::MAX).slow()]
}

/// Uploads one file, or a zip, tar, tar.gz or tar.zst archive that is unpacked over the project's files.
#[utoipa::path(post, path = "/api/v1/code/{project_id}/upload", operation_id = "upload", tag = "files", security(("bearer" = [])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 200, body = Project), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn upload(
    app: Arc<App>,
    caller: Caller,
    Path(project): Path<ProjectId>,
    Query(Strip(strip)): Query<Strip>,
    request: Request,
) -> ApiResult {
    projects::find(&app, caller.user_id, project).await?;
    let form = receive(&app, &request).await?;
    let unpacked = unpack(&app, form, strip).await?;
    store_objects(&app, caller.user_id, &unpacked).await?;
    let key = keys::upload(caller.user_id, project, Uuid::now_v7(), &unpacked.form.name);
    let guard = UploadGuard { app: app.clone(), key: Some(key.clone()) };
    app.objects.put_file(&key, unpacked.form.file.path()).await?;
    let texts = unpacked.texts();
    match app
        .store
        .put_files(caller.user_id, project, &unpacked.arrivals, texts, &key, files::quota(&app))
        .await
    {
        Ok(()) => guard.commit(),
        Err(error) => {
            guard.rollback().await;
            return Err(error.into());
        }
    }
    files::tell_bulk(&app, &request.headers, project);
    projects::filled(&app, caller.user_id, project, &unpacked.arrivals).await
}

/// The form, for the document.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)]
pub struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Where one plain file goes; its own name otherwise.
    path: Option<String>,
}

/// The stored archive, until its upload is whole: a request may be refused or dropped at any moment.
struct UploadGuard {
    app: Arc<App>,
    key: Option<String>,
}

impl UploadGuard {
    fn commit(mut self) {
        self.key = None;
    }

    async fn rollback(mut self) {
        if let Some(key) = self.key.take() {
            discard(&self.app, &key).await;
        }
    }
}

impl Drop for UploadGuard {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let app = self.app.clone();
            tokio::spawn(async move { discard(&app, &key).await });
        }
    }
}

async fn discard(app: &App, key: &str) {
    if let Err(error) = app.objects.delete(key).await {
        tracing::warn!(key, %error, "could not delete the archive of a refused upload; it is noted for later");
        let _ = app.store.schedule_gc(key).await;
    }
}

struct Form {
    file: NamedTempFile,
    size: u64,
    /// The client's name of the file.
    name: String,
    path: Option<String>,
}

/// Reads the form; its file goes to disk as it comes.
async fn receive(app: &App, request: &Request) -> Result<Form, ApiError> {
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
    Ok(Form { file, size, name, path })
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

/// Our own disk failed: not the client's fault, and worth telling apart from a bug.
pub fn disk(error: io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::StorageFull {
        tracing::error!(%error, "the disk for temporary files is full");
        return ApiError::new(ErrorCode::Unavailable, "the coordinator's disk is full; try again later");
    }
    ApiError::internal(format_args!("a temporary file failed: {error}"))
}

/// An upload taken apart: the spool holds the bytes of all files.
struct Unpacked {
    form: Form,
    spool: Arc<File>,
    entries: Arc<Vec<Entry>>,
    arrivals: Vec<Arrival>,
}

async fn unpack(app: &App, form: Form, strip: bool) -> Result<Unpacked, ApiError> {
    let quota = &app.config.quota;
    let budget = Budget {
        entries: quota.project_files as usize,
        total: quota.project_mb << 20,
        per_file: quota.file_mb << 20,
        ratio: RATIO,
    };
    let (form, spool, entries) = tokio::task::spawn_blocking(move || {
        let (spool, entries) = unpack_now(&form, budget)?;
        Ok::<_, ApiError>((form, spool, if strip { unpack::strip_top(entries) } else { entries }))
    })
    .await??;
    let arrivals = entries.iter().map(|entry| arrival(&app.catalog, entry)).collect();
    Ok(Unpacked { form, spool: Arc::new(spool), entries: Arc::new(entries), arrivals })
}

fn unpack_now(form: &Form, budget: Budget) -> Result<(File, Vec<Entry>), ApiError> {
    let mut archive = form.file.reopen().map_err(disk)?;
    let spool = tempfile::tempfile().map_err(disk)?;
    let kind = unpack::kind(&mut archive, &form.name).map_err(disk)?;
    let name =
        form.path.as_deref().unwrap_or_else(|| form.name.rsplit(['/', '\\']).next().unwrap_or_default());
    let mut writer = io::BufWriter::with_capacity(256 << 10, &spool);
    let unpacked = unpack::unpack(archive, kind, name, form.size, &mut writer, budget);
    let entries = unpacked.map_err(|refusal| refused(kind, refusal))?;
    if kind == Kind::Plain && entries.is_empty() {
        return Err(ApiError::field("path", "names no file"));
    }
    io::Write::flush(&mut writer).map_err(disk)?;
    drop(writer);
    Ok((spool, entries))
}

fn refused(kind: Kind, refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Spool(error) => disk(error),
        Refusal::Entry { why, .. } if kind == Kind::Plain => ApiError::field("path", why),
        other => ApiError::new(ErrorCode::BadArchive, other.to_string()),
    }
}

fn arrival(catalog: &Catalog, entry: &Entry) -> Arrival {
    Arrival {
        path: entry.path.clone(),
        kind: if entry.folder { FileType::Folder } else { FileType::File },
        hash: entry.hash.clone(),
        size: entry.size as i64,
        executable: entry.executable,
        binary: entry.binary,
        inline: !entry.folder && !entry.binary && entry.size <= content::MAX_INLINE as u64,
        language: catalog.language_id(entry.path.as_str()).filter(|_| !entry.folder),
    }
}

impl Unpacked {
    /// Reads texts back from the spool.
    fn texts(&self) -> engunity_store::bulk::Texts {
        let (spool, entries) = (self.spool.clone(), self.entries.clone());
        Arc::new(move |numbers| numbers.iter().map(|number| text(&spool, &entries[*number])).collect())
    }
}

fn text(spool: &File, entry: &Entry) -> io::Result<String> {
    let mut bytes = vec![0; entry.size as usize];
    spool.read_exact_at(&mut bytes, entry.offset)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Stores what does not go into the database, each content once.
async fn store_objects(app: &Arc<App>, owner: UserId, unpacked: &Unpacked) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    let mut stores = Vec::new();
    for (entry, arrival) in unpacked.entries.iter().zip(&unpacked.arrivals) {
        if !arrival.inline && !entry.folder && seen.insert(&entry.hash) {
            stores.push(store_object(app.clone(), owner, unpacked.spool.clone(), entry.clone()));
        }
    }
    stream::iter(stores).buffer_unordered(PARALLEL).try_collect().await
}

async fn store_object(app: Arc<App>, owner: UserId, spool: Arc<File>, entry: Entry) -> Result<(), ApiError> {
    let bytes = piece_of(&spool, &entry).await?;
    content::keep_stream(&app, owner, &entry.hash, entry.size as i64, entry.binary, bytes).await
}

/// The entry's bytes from the spool, read as they are sent.
async fn piece_of(
    spool: &File,
    entry: &Entry,
) -> Result<impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static + use<>, ApiError> {
    // Clones of a file share their position; a path of its own gives each reader its own.
    let own =
        File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(spool))).map_err(disk)?;
    let mut file = tokio::fs::File::from_std(own);
    file.seek(io::SeekFrom::Start(entry.offset)).await.map_err(disk)?;
    Ok(ReaderStream::with_capacity(file.take(entry.size), 256 << 10))
}
