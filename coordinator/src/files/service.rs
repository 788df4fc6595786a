//! Reads and writes the files of projects. Every write commits and then notifies, so that no caller can forget it: HTTP
//! handlers and every other writer of files go through here.

use std::sync::Arc;

use bytes::Bytes;
use engunity_artifacts::{Object, ObjectStore};
use engunity_languages::Catalog;
use engunity_protocol::file::{File, FileType};
use engunity_protocol::path::ProjectPath;
use engunity_protocol::session::{FileChange, FileChangeKind};
use engunity_protocol::sync::Manifest;
use engunity_protocol::{ConnectionId, FileId, ProjectId, UserId};
use engunity_store::Store;
use engunity_store::files::{Content, Draft, Edit, ProjectQuota, Stored};
use engunity_store::plan::{Arrival, Plan};

use super::FileError;
use super::archive::Skipped;
use super::content::{self, Contents, MAX_TEXT};
use super::ingest::{Body, Ingest};
use super::upload::{Unpacked, Upload, UploadGuard};
use crate::notify::notifier::Notifier;

/// What projects and files may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub quota: ProjectQuota,
    pub file_bytes: u64,
    /// Days that the trash and past contents are kept; 0 is for ever.
    pub history_days: f64,
}

/// Where a change comes from: the session connection that made it, so that a client recognizes its own changes.
#[derive(Debug, Clone, Default)]
pub struct Origin(pub Option<ConnectionId>);

/// A file or folder to create.
pub struct NewEntry {
    pub path: ProjectPath,
    pub kind: FileType,
    /// `None`: by the path.
    pub language: Option<String>,
    /// Empty for folders.
    pub text: String,
}

/// A change of one file or folder; what is `None` stays.
#[derive(Default)]
pub struct EntryChange {
    pub name: Option<String>,
    /// `Some(None)` moves to the root.
    pub parent: Option<Option<FileId>>,
    pub text: Option<String>,
    pub language: Option<String>,
    /// Refuse unless one of these is the current hash; `*` is any.
    pub if_match: Option<Vec<String>>,
}

/// A file and its text, where it can be shown as text.
pub struct FileText {
    pub file: File,
    pub text: Option<String>,
}

pub struct Files {
    pub(super) store: Store,
    pub(super) objects: ObjectStore,
    pub(super) contents: Contents,
    pub(super) catalog: Arc<Catalog>,
    pub(super) limits: Limits,
    notifier: Arc<Notifier>,
}

impl Files {
    pub fn new(
        store: Store,
        objects: ObjectStore,
        catalog: Arc<Catalog>,
        limits: Limits,
        notifier: Arc<Notifier>,
    ) -> Self {
        let contents = Contents::new(store.clone(), objects.clone());
        Self { store, objects, contents, catalog, limits, notifier }
    }

    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// A page of a project's files and folders in the order of their paths, without content.
    pub async fn list(
        &self,
        owner: UserId,
        project: ProjectId,
        limit: i64,
        after: Option<&str>,
    ) -> Result<Vec<File>, FileError> {
        self.store.files(owner, project, limit, after).await?.ok_or(FileError::NoProject)
    }

    /// A file or folder, with its text where that is kept in the database.
    pub async fn find(&self, owner: UserId, id: FileId) -> Result<Stored, FileError> {
        self.store.file(owner, id).await?.ok_or(FileError::NoFile)
    }

    /// Adds the text where it is an object that can be shown as text.
    pub async fn with_text(&self, owner: UserId, stored: Stored) -> Result<FileText, FileError> {
        let Stored { file, text } = stored;
        let text = match &file.etag {
            Some(hash) if text.is_none() && !file.binary && file.size <= MAX_TEXT as i64 => {
                self.contents.text(owner, hash).await?
            }
            _ => text,
        };
        Ok(FileText { file, text })
    }

    /// The bytes of content that is an object; `part` is the first byte and the length.
    pub async fn open_object(
        &self,
        owner: UserId,
        hash: &str,
        part: Option<(u64, u64)>,
    ) -> Result<Object, FileError> {
        self.contents.open(owner, hash, part).await
    }

    /// The path of a folder of this project.
    pub async fn folder_path(
        &self,
        owner: UserId,
        project: ProjectId,
        folder: FileId,
    ) -> Result<String, FileError> {
        // Who can't see the project must not learn anything about its folders.
        self.store.project(owner, project).await?.ok_or(FileError::NoProject)?;
        let path = self.store.folder_path(owner, project, folder).await?;
        path.ok_or_else(|| FileError::invalid("parent_id", "must be a folder of this project"))
    }

    /// Creates a file or folder, and the folders above it.
    pub async fn create(
        &self,
        owner: UserId,
        project: ProjectId,
        new: NewEntry,
        origin: Origin,
    ) -> Result<FileText, FileError> {
        let NewEntry { path, kind, language, text } = new;
        let is_file = kind == FileType::File;
        let content = if is_file { Some(self.keep(owner, text.clone()).await?) } else { None };
        let language = language.or_else(|| self.catalog.language_id(path.as_str())).filter(|_| is_file);
        let draft = Draft { path, kind, language, content };
        let file = self.store.create_file(owner, project, &draft, self.limits.quota).await?;
        self.notify_file(FileChangeKind::Created, &file, origin);
        let text = (is_file && !file.binary).then_some(text);
        Ok(FileText { file, text })
    }

    /// Renames, moves or rewrites a file or folder, all or nothing.
    pub async fn update(
        &self,
        owner: UserId,
        id: FileId,
        change: EntryChange,
        origin: Origin,
    ) -> Result<FileText, FileError> {
        let content = match &change.text {
            Some(text) => Some(self.keep(owner, text.clone()).await?),
            None => None,
        };
        let by_name = || change.name.as_deref().map(|name| self.catalog.language_id(name));
        let language = change.language.map(Some).or_else(by_name);
        let EntryChange { name, parent, text, if_match, .. } = change;
        let edit = Edit { name, parent, content, if_match, language };
        let edited = self.store.edit_file(owner, id, &edit, self.limits.quota).await?;
        let kind = if edited.moved { FileChangeKind::Moved } else { FileChangeKind::Updated };
        self.notify_file(kind, &edited.file, origin);
        match text.filter(|_| !edited.file.binary) {
            Some(text) => Ok(FileText { file: edited.file, text: Some(text) }),
            None => self.with_text(owner, self.find(owner, id).await?).await,
        }
    }

    /// Replaces the content of a file by bytes in any encoding; refused unless one of `if_match` is the current hash.
    pub async fn write_bytes(
        &self,
        owner: UserId,
        id: FileId,
        bytes: Bytes,
        if_match: Option<Vec<String>>,
        origin: Origin,
    ) -> Result<File, FileError> {
        // Content is stored before the change: who can't see the file must not fill the storage.
        self.find(owner, id).await?;
        let content = Some(self.contents.put_bytes(owner, bytes).await?);
        let edit = Edit { content, if_match, ..Edit::default() };
        let edited = self.store.edit_file(owner, id, &edit, self.limits.quota).await?;
        self.notify_file(FileChangeKind::Updated, &edited.file, origin);
        Ok(edited.file)
    }

    /// Puts a file, or a folder with all in it, into the trash.
    pub async fn delete(&self, owner: UserId, id: FileId, origin: Origin) -> Result<(), FileError> {
        let project = self.store.delete_file(owner, id).await?.ok_or(FileError::NoFile)?;
        let change =
            FileChange { change: FileChangeKind::Deleted, file: None, file_id: Some(id), by: origin.0 };
        self.notifier.notify_files(project, change);
        Ok(())
    }

    /// Unpacks an upload over the project's files; returns what was in it, and what of it was left out. Before the commit nothing has changed.
    pub async fn upload(
        &self,
        owner: UserId,
        project: ProjectId,
        upload: Upload,
        strip_top: bool,
        origin: Origin,
    ) -> Result<(Vec<Arrival>, Skipped), FileError> {
        let unpacked = self.unpack(upload, strip_top).await?;
        self.store_objects(owner, &unpacked).await?;
        let guard = UploadGuard::store(self, owner, project, unpacked.upload()).await?;
        let (arrivals, texts) = (unpacked.arrivals(), unpacked.texts());
        let quota = self.limits.quota;
        match self.store.put_files(owner, project, arrivals, texts, guard.key(), quota).await {
            Ok(()) => guard.commit(),
            Err(error) => {
                guard.rollback().await;
                return Err(error.into());
            }
        }
        self.notify_bulk(project, origin);
        Ok(Unpacked::into_parts(unpacked))
    }

    /// What a commit of `arrivals` would do, and which contents it would miss.
    pub async fn plan_sync(
        &self,
        owner: UserId,
        project: ProjectId,
        manifest: &Manifest,
        arrivals: &[Arrival],
    ) -> Result<(Plan, Vec<String>), FileError> {
        let plan = self.store.plan_files(owner, project, arrivals, manifest.keep, self.limits.quota).await?;
        let writes = plan.inserts.iter().chain(&plan.updates);
        let hashes: Vec<&str> = writes.map(|write| arrivals[write.arrival].hash.as_str()).collect();
        let missing = self.store.missing_hashes(owner, &hashes).await?;
        if !self.store.keep_manifest(owner, project, manifest).await? {
            return Err(FileError::NoProject);
        }
        Ok((plan, missing))
    }

    /// Stores contents ahead of a commit, from a tar; returns their hashes.
    pub async fn ingest(&self, owner: UserId, body: Body) -> Result<Vec<String>, FileError> {
        let (store, contents) = (self.store.clone(), self.contents.clone());
        Ingest { store, contents, owner, limits: self.limits }.run(body).await
    }

    /// Makes the project what the arrivals say, all or nothing.
    pub async fn commit_sync(
        &self,
        owner: UserId,
        project: ProjectId,
        arrivals: &[Arrival],
        keep: bool,
        origin: Origin,
    ) -> Result<(), FileError> {
        self.store.commit_files(owner, project, arrivals, keep, self.limits.quota).await?;
        self.notify_bulk(project, origin);
        Ok(())
    }

    /// A file that arrives, with what its path and size decide.
    pub fn arriving_file(
        &self,
        path: ProjectPath,
        hash: String,
        size: u64,
        executable: bool,
        binary: bool,
    ) -> Arrival {
        Arrival {
            kind: FileType::File,
            hash,
            size: size as i64,
            executable,
            link: false,
            binary,
            inline: content::is_inline(size, binary),
            language: self.catalog.language_id(path.as_str()),
            path,
        }
    }

    async fn keep(&self, owner: UserId, text: String) -> Result<Content, FileError> {
        if text.len() > MAX_TEXT {
            return Err(FileError::TextTooLong);
        }
        self.contents.put_text(owner, text).await
    }

    pub(super) fn notify_file(&self, change: FileChangeKind, file: &File, origin: Origin) {
        let change = FileChange { change, file: Some(file.clone()), file_id: Some(file.id), by: origin.0 };
        self.notifier.notify_files(file.project_id, change);
    }

    pub(super) fn notify_bulk(&self, project: ProjectId, origin: Origin) {
        let change = FileChange { change: FileChangeKind::Bulk, file: None, file_id: None, by: origin.0 };
        self.notifier.notify_files(project, change);
    }
}
