//! Files out: what patterns match below the root folder, read when nothing else runs any more. Every component is opened
//! relative to its folder without following symbolic links; only regular files are taken. A file with several names (a
//! hard link) is sent once for each name: the caps count it each time.

use std::{
    ffi::{CString, OsStr},
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

use engunity_agent::message::{Collect, Failure, FailureKind, FromAgent, PIECE, Skipped};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use nix::{
    dir::Dir,
    fcntl::{AtFlags, OFlag, open, openat},
    sys::stat::{FileStat, Mode, SFlag, fstat, fstatat},
};

use crate::channel::Channel;

const MAX_DEPTH: usize = 64;
/// At most this many files that were left out are named.
const MAX_SKIPPED: usize = 100;
/// Opening never waits (a FIFO would), never follows the last component, never leaks into a child.
const SAFE: OFlag = OFlag::O_RDONLY.union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// Sends every file that matches, then the files that were left out and why.
pub fn collect(channel: &mut Channel, request: &Collect, root: &Path) -> Result<(), Failure> {
    let wanted = patterns(&request.globs)
        .map_err(|problem| Failure { kind: FailureKind::Protocol, message: problem.to_string() })?;
    let top = open(root, SAFE | OFlag::O_DIRECTORY, Mode::empty()).map_err(io::Error::from)?;
    let mut collector = Collector {
        channel,
        wanted,
        files: request.max_files,
        bytes: request.max_bytes,
        skipped: Vec::new(),
    };
    collector.folder(top.as_fd(), "", 0)?;
    let skipped = collector.skipped;
    channel.send(&FromAgent::Collected { skipped });
    Ok(())
}

/// A pattern that names a folder also matches everything in it.
fn patterns(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_start_matches("./").trim_end_matches('/');
        for pattern in [glob.to_owned(), format!("{glob}/**")] {
            set.add(GlobBuilder::new(&pattern).literal_separator(true).build()?);
        }
    }
    set.build()
}

struct Collector<'a> {
    channel: &'a mut Channel,
    wanted: GlobSet,
    /// How many more files and bytes may be taken.
    files: u64,
    bytes: u64,
    skipped: Vec<Skipped>,
}

impl Collector<'_> {
    fn folder(&mut self, folder: BorrowedFd<'_>, path: &str, depth: usize) -> io::Result<()> {
        for name in names(folder)? {
            let (text, is_text) = (name.to_string_lossy(), name.to_str().is_ok());
            let path = if path.is_empty() { text.to_string() } else { format!("{path}/{text}") };
            let Ok(stat) = fstatat(folder, name.as_c_str(), AtFlags::AT_SYMLINK_NOFOLLOW) else { continue };
            match kind(&stat) {
                SFlag::S_IFDIR if depth < MAX_DEPTH && is_text => {
                    self.subfolder(folder, &name, &path, depth)?
                }
                _ if !self.wanted.is_match(&path) => {}
                _ if !is_text => self.skip(&path, "its name is not UTF-8"),
                SFlag::S_IFDIR => self.skip(&path, "it is nested too deep"),
                SFlag::S_IFREG => self.file(folder, &name, path)?,
                SFlag::S_IFLNK => self.skip(&path, "it is a symbolic link"),
                _ => self.skip(&path, "it is neither a file nor a folder"),
            }
        }
        Ok(())
    }

    fn subfolder(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &CString,
        path: &str,
        depth: usize,
    ) -> io::Result<()> {
        match openat(folder, name.as_c_str(), SAFE | OFlag::O_DIRECTORY, Mode::empty()) {
            Ok(inner) => self.folder(inner.as_fd(), path, depth + 1),
            Err(errno) => {
                self.skip(path, errno.desc());
                Ok(())
            }
        }
    }

    fn file(&mut self, folder: BorrowedFd<'_>, name: &CString, path: String) -> io::Result<()> {
        match self.take(folder, name) {
            Ok((file, stat)) => self.send(file, &stat, path),
            Err(why) => {
                self.skip(&path, &why);
                Ok(())
            }
        }
    }

    /// Opens a file that may be taken.
    fn take(&mut self, folder: BorrowedFd<'_>, name: &CString) -> Result<(File, FileStat), String> {
        let file =
            openat(folder, name.as_c_str(), SAFE, Mode::empty()).map_err(|errno| errno.desc().to_owned())?;
        let stat = fstat(&file).map_err(|errno| errno.desc().to_owned())?;
        let size = stat.st_size as u64;
        if kind(&stat) != SFlag::S_IFREG {
            return Err("it is not a regular file".into());
        }
        if self.files == 0 {
            return Err("there are too many files".into());
        }
        if size > self.bytes {
            return Err(format!("its {size} bytes are more than may still be kept ({})", self.bytes));
        }
        self.files -= 1;
        self.bytes -= size;
        Ok((file.into(), stat))
    }

    /// Sends exactly the announced number of bytes.
    fn send(&mut self, file: File, stat: &FileStat, path: String) -> io::Result<()> {
        let size = stat.st_size as u64;
        self.channel.send(&FromAgent::Artifact { path, size, mode: stat.st_mode & 0o777 });
        let mut rest = file.take(size);
        let mut piece = vec![0; PIECE];
        loop {
            match rest.read(&mut piece)? {
                0 if rest.limit() > 0 => {
                    return Err(io::Error::other("a file became shorter while it was read"));
                }
                0 => return Ok(()),
                read => self.channel.send(&FromAgent::ArtifactData(piece[..read].to_vec())),
            }
            self.channel.flush()?;
        }
    }

    fn skip(&mut self, path: &str, why: &str) {
        if self.skipped.len() < MAX_SKIPPED {
            self.skipped.push(Skipped { path: path.to_owned(), why: why.to_owned() });
        }
    }
}

/// The names in a folder, in order.
fn names(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let own = openat(folder, OsStr::new("."), SAFE | OFlag::O_DIRECTORY, Mode::empty())?;
    let mut dir = Dir::from_fd(own)?;
    let entries = dir.iter().filter_map(Result::ok).map(|entry| entry.file_name().to_owned());
    let mut names: Vec<CString> = entries.filter(|name| !matches!(name.as_bytes(), b"." | b"..")).collect();
    names.sort();
    Ok(names)
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_files_and_whole_folders() {
        let globs: Vec<String> = ["htmlcov", "./dist/", "*.txt", "**/report.xml"].map(str::to_owned).into();
        let set = patterns(&globs).unwrap();
        for (path, matches) in [
            ("htmlcov/a/b.html", true),
            ("dist/x", true),
            ("a.txt", true),
            ("sub/a.txt", false),
            ("report.xml", true),
            ("a/b/report.xml", true),
            ("other", false),
        ] {
            assert_eq!(set.is_match(path), matches, "{path}");
        }
    }
}
