//! Selects the files of a folder that belong to the project, and says why others do not. Reads folders and metadata only;
//! never follows a symbolic link, never enters an ignored folder.

use std::{
    fs::{self, DirEntry, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use engunity_protocol::path::{ProjectPath, is_link_target};
use serde::{Deserialize, Serialize};

use super::{
    MAX_FILE_BYTES,
    rules::{Rule, Rules},
};
use crate::{
    config::link,
    error::{About, CliError, Result},
};

/// Maximum files of a project: guards against uploading a whole disk by mistake.
const MAX_FILES: usize = 100_000;

#[derive(Debug)]
pub struct LocalFile {
    pub path: ProjectPath,
    pub disk: PathBuf,
    pub executable: bool,
    /// The target of a symbolic link, which is its content.
    pub link: Option<String>,
    pub stamp: Stamp,
}

/// Metadata that changes with a file's content, except for writes within the clock's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub size: u64,
    pub mtime_ns: i128,
    pub ctime_ns: i128,
    pub inode: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Skipped {
    /// From the root; a folder ends with `/`.
    pub path: String,
    pub why: Why,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Why {
    /// `.git` and `.engunity.toml`.
    Always,
    Ignored(Rule),
    /// A socket, a pipe, a device.
    Special,
    TooLarge(u64),
    BadName(String),
}

#[derive(Debug, Default)]
pub struct Found {
    pub files: Vec<LocalFile>,
    /// Folders in which there is nothing at all.
    pub empty_folders: Vec<ProjectPath>,
    pub skipped: Vec<Skipped>,
    pub warnings: Vec<String>,
}

/// Walks `root`, which must be an absolute path without symbolic links.
pub fn walk(root: &Path) -> Result<Found> {
    let mut walk = Walk { root, rules: Rules::outside(root), found: Found::default() };
    walk.folder(root, None)?;
    walk.found.warnings = walk.rules.broken;
    walk.found.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.found)
}

struct Walk<'a> {
    root: &'a Path,
    rules: Rules,
    found: Found,
}

impl Walk<'_> {
    /// Walks a folder; `path` is its place in the project, `None` that of the project itself.
    fn folder(&mut self, dir: &Path, path: Option<ProjectPath>) -> Result<()> {
        self.rules.enter(dir);
        let entries: Vec<_> = fs::read_dir(dir).and_then(Iterator::collect).about(dir.display())?;
        if entries.is_empty() {
            self.found.empty_folders.extend(path);
        }
        let mut entries: Vec<DirEntry> = entries;
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            self.entry(&entry)?;
        }
        self.rules.leave();
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry) -> Result<()> {
        let disk = entry.path();
        let metadata = match entry.metadata() {
            // Removed since the folder was listed.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            result => result.about(disk.display())?,
        };
        match self.classify(&disk, &metadata) {
            Err(why) => self.skip(&disk, metadata.is_dir(), why),
            Ok(path) if metadata.is_dir() => self.folder(&disk, Some(path))?,
            Ok(path) => self.keep(path, disk, &metadata)?,
        }
        Ok(())
    }

    /// The path that an entry has in the project, or why it has none.
    fn classify(&self, disk: &Path, metadata: &Metadata) -> Result<ProjectPath, Why> {
        if disk.file_name().is_some_and(|name| name == ".git" || name == link::FILE) {
            return Err(Why::Always);
        }
        if let Some(rule) = self.rules.excludes(disk, metadata.is_dir()) {
            return Err(Why::Ignored(Rule { file: self.inside(&rule.file).to_owned(), ..rule }));
        }
        if !metadata.is_dir() && !metadata.is_file() && !metadata.is_symlink() {
            return Err(Why::Special);
        }
        let name =
            self.inside(disk).to_str().ok_or_else(|| Why::BadName("the name is not UTF-8".to_owned()))?;
        let path = ProjectPath::parse(name).map_err(|error| Why::BadName(error.to_string()))?;
        match metadata.len() {
            size if metadata.is_file() && size > MAX_FILE_BYTES => Err(Why::TooLarge(size)),
            _ => Ok(path),
        }
    }

    fn keep(&mut self, path: ProjectPath, disk: PathBuf, metadata: &Metadata) -> Result<()> {
        if self.found.files.len() + self.found.empty_folders.len() >= MAX_FILES {
            return Err(CliError::new(format!(
                "{} has more than {MAX_FILES} files: exclude some in .engunityignore",
                self.root.display()
            ))
            .hint("engunity upload --dry-run <a smaller folder>"));
        }
        let link = if metadata.is_symlink() { Some(target(&disk).about(disk.display())?) } else { None };
        if link.as_ref().is_some_and(Option::is_none) {
            self.skip(&disk, false, Why::BadName("the link's target is not UTF-8".to_owned()));
            return Ok(());
        }
        let link = link.flatten();
        let executable = link.is_none() && metadata.mode() & 0o111 != 0;
        self.found.files.push(LocalFile { path, disk, executable, link, stamp: Stamp::of(metadata) });
        Ok(())
    }

    fn skip(&mut self, disk: &Path, is_dir: bool, why: Why) {
        let path = format!("{}{}", self.inside(disk).to_string_lossy(), if is_dir { "/" } else { "" });
        self.found.skipped.push(Skipped { path, why });
    }

    fn inside<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(self.root).unwrap_or(path)
    }
}

/// The target of a symbolic link, if a project may have it.
pub fn target(disk: &Path) -> std::io::Result<Option<String>> {
    let target = fs::read_link(disk)?.into_os_string().into_string();
    Ok(target.ok().filter(|target| is_link_target(target)))
}

impl Stamp {
    pub fn of(metadata: &Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Self {
            size: metadata.len(),
            mtime_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

impl Why {
    /// The reason in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Always => "never uploaded".to_owned(),
            Self::Ignored(rule) => format!("{}: {}", rule.file.display(), rule.pattern),
            Self::Special => "not a regular file".to_owned(),
            Self::TooLarge(size) => format!(
                "too large: {} (at most {})",
                crate::output::units::bytes(*size),
                crate::output::units::bytes(MAX_FILE_BYTES)
            ),
            Self::BadName(why) => why.clone(),
        }
    }

    /// Whether no rule asked for it, so that an upload warns about it.
    pub fn is_surprising(&self) -> bool {
        !matches!(self, Self::Always | Self::Ignored(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the given files; a content that starts with `->` makes a symbolic link.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match content.strip_prefix("->") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => fs::write(path, content).unwrap(),
            }
        }
        dir
    }

    fn walked(dir: &Path) -> (Vec<String>, Vec<(String, String)>) {
        let found = walk(&dir.canonicalize().unwrap()).unwrap();
        assert_eq!(found.warnings, Vec::<String>::new());
        let files = found.files.iter().map(|file| file.path.to_string()).collect();
        (files, found.skipped.iter().map(|skipped| (skipped.path.clone(), skipped.why.describe())).collect())
    }

    fn pair(path: &str, why: &str) -> (String, String) {
        (path.to_owned(), why.to_owned())
    }

    #[test]
    fn gitignore_holds_without_a_repository_and_its_rule_is_named() {
        let dir = folder(&[
            (".gitignore", "*.pyc\n/build/\n"),
            ("a.py", ""),
            ("a.pyc", ""),
            ("build/x", ""),
            ("src/build/y", ""),
            ("src/.gitignore", "!keep.pyc\n"),
            ("src/keep.pyc", ""),
            (".git/HEAD", ""),
            (".engunity.toml", ""),
        ]);
        let (files, skipped) = walked(dir.path());
        assert_eq!(files, [".gitignore", "a.py", "src/.gitignore", "src/build/y", "src/keep.pyc"]);
        assert_eq!(
            skipped,
            [
                pair(".engunity.toml", "never uploaded"),
                pair(".git/", "never uploaded"),
                pair("a.pyc", ".gitignore: *.pyc"),
                pair("build/", ".gitignore: /build/"),
            ]
        );
    }

    #[test]
    fn engunityignore_has_the_last_word() {
        let dir = folder(&[
            (".gitignore", "data/\n"),
            (".engunityignore", "!data/\n*.mp4\n"),
            ("data/x.csv", ""),
            ("demo.mp4", ""),
        ]);
        let (files, skipped) = walked(dir.path());
        assert_eq!(files, [".engunityignore", ".gitignore", "data/x.csv"]);
        assert_eq!(skipped, [pair("demo.mp4", ".engunityignore: *.mp4")]);
    }

    #[test]
    fn links_are_kept_and_never_followed_and_odd_names_reported() {
        let dir = folder(&[("a", ""), ("link", "->/etc"), ("loop", "->."), ("bad\\name", "")]);
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        let (files, skipped) = walked(dir.path());
        assert_eq!(files, ["a", "link", "loop"]);
        let found = walk(&dir.path().canonicalize().unwrap()).unwrap();
        let links: Vec<_> = found.files.iter().map(|file| (file.link.as_deref(), file.executable)).collect();
        assert_eq!(links, [(None, false), (Some("/etc"), false), (Some("."), false)]);
        let whys: Vec<_> = skipped.iter().map(|(path, why)| (path.as_str(), why.as_str())).collect();
        assert_eq!(whys[1..], [("pipe", "not a regular file")]);
        assert_eq!(whys[0].0, "bad\\name");
    }

    #[test]
    fn a_part_of_a_repository_obeys_the_rules_above_it() {
        let dir = folder(&[
            (".git/HEAD", ""),
            (".gitignore", "*.log\nout/\n"),
            ("pkg/a.log", ""),
            ("pkg/b", ""),
            ("out/c.log", ""),
        ]);
        let (files, skipped) = walked(&dir.path().join("pkg"));
        assert_eq!(files, ["b"]);
        assert!(skipped[0].1.ends_with(".gitignore: *.log"), "{skipped:?}");
        // A folder that the repository ignores is uploaded when it is named.
        assert_eq!(walked(&dir.path().join("out")).0, ["c.log"]);
    }

    #[test]
    fn empty_folders_are_found_unless_ignored() {
        let dir = folder(&[(".gitignore", "tmp/\n*.log\n"), ("logs/a.log", "")]);
        for path in ["a/b", "c", "tmp/d"] {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        let found = walk(&dir.path().canonicalize().unwrap()).unwrap();
        let folders: Vec<_> = found.empty_folders.iter().map(ProjectPath::as_str).collect();
        assert_eq!(folders, ["a/b", "c"]);
    }

    #[test]
    fn files_over_the_limit_are_left_out() {
        let dir = folder(&[("small", "x")]);
        fs::File::create(dir.path().join("huge")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        let (files, skipped) = walked(dir.path());
        assert_eq!(files, ["small"]);
        assert!(skipped[0].1.starts_with("too large"));
    }
}
