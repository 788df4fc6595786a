//! The project's files: from a stream of pieces into the root folder. Takes regular files, whether they are executable,
//! folders and symbolic links. Links are made last, so that no file is ever written through one.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, symlink},
    path::{Component, Path, PathBuf},
};

use engunity_agent::message::{Failure, FailureKind, FromAgent, ToAgent};
use tar::{Archive, Entry, EntryType};

use crate::channel::Channel;

/// Links wait in memory until all files are there.
const MAX_LINKS: usize = 100_000;

/// Unpacks the archive whose first piece is `first`, and reports its size.
pub fn unpack(channel: &mut Channel, first: Vec<u8>, root: &Path) -> Result<(), Failure> {
    let mut pieces = Pieces { channel, piece: first, taken: 0, ended: false };
    let (files, bytes) = unpack_from(&mut pieces, root).map_err(failure)?;
    pieces.skip_rest()?;
    channel.send(&FromAgent::Unpacked { files, bytes });
    Ok(())
}

fn unpack_from(compressed: &mut impl Read, root: &Path) -> io::Result<(u64, u64)> {
    let mut archive = Archive::new(zstd::stream::read::Decoder::new(compressed)?);
    let (mut files, mut bytes, mut links) = (0, 0, Vec::new());
    for entry in archive.entries()? {
        match place(entry?, root)? {
            Placed::Folder => {}
            Placed::File(size) => {
                files += 1;
                bytes += size;
            }
            Placed::Link(link) if links.len() < MAX_LINKS => links.push(link),
            Placed::Link(_) => return Err(refused(format!("it has more than {MAX_LINKS} symbolic links"))),
        }
    }
    links.iter().try_for_each(make_link)?;
    Ok((files + links.len() as u64, bytes))
}

enum Placed {
    Folder,
    /// With its size.
    File(u64),
    /// Not made yet.
    Link(Link),
}

struct Link {
    path: PathBuf,
    target: PathBuf,
}

/// Puts one entry into its place, unless it is a link.
fn place(mut entry: Entry<'_, impl Read>, root: &Path) -> io::Result<Placed> {
    let path = root.join(inside(&entry.path()?)?);
    match entry.header().entry_type() {
        EntryType::Directory => fs::create_dir_all(path).map(|()| Placed::Folder),
        EntryType::Regular | EntryType::Continuous => write_file(&mut entry, &path).map(Placed::File),
        EntryType::Symlink => {
            let target = entry.link_name()?.filter(|target| !target.as_os_str().is_empty());
            let target = target.ok_or_else(|| refused(format!("{} links to nothing", path.display())))?;
            Ok(Placed::Link(Link { target: target.into_owned(), path }))
        }
        other => Err(refused(format!("{} is not a file, folder or link ({other:?})", path.display()))),
    }
}

/// The target is kept as it is: what a program may open through it is the sandbox's business, not the archive's.
fn make_link(link: &Link) -> io::Result<()> {
    if let Some(parent) = link.path.parent() {
        fs::create_dir_all(parent)?;
    }
    symlink(&link.target, &link.path)
}

fn write_file(entry: &mut Entry<'_, impl Read>, path: &Path) -> io::Result<u64> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let executable = entry.header().mode()? & 0o111 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    io::copy(entry, &mut file)
}

/// Returns `path` if it is below the root.
fn inside(path: &Path) -> io::Result<PathBuf> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let safe = parts.clone().all(|part| matches!(part, Component::Normal(_)));
    if safe { Ok(parts.collect()) } else { Err(refused(format!("{} leaves the project", path.display()))) }
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn failure(problem: io::Error) -> Failure {
    let kind = match problem.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            FailureKind::Disk
        }
        io::ErrorKind::BrokenPipe => FailureKind::Protocol,
        _ => FailureKind::Archive,
    };
    Failure { kind, message: format!("could not unpack the project: {problem}") }
}

/// The pieces, read as one stream.
struct Pieces<'a> {
    channel: &'a mut Channel,
    piece: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Pieces<'_> {
    fn advance(&mut self) -> io::Result<()> {
        match self.channel.receive()? {
            Some(ToAgent::Files(piece)) => (self.piece, self.taken) = (piece, 0),
            Some(ToAgent::FilesEnd) => self.ended = true,
            _ => return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the archive's stream was cut")),
        }
        Ok(())
    }

    /// Skips what follows the archive's own end, so that the next message is the next request.
    fn skip_rest(&mut self) -> io::Result<()> {
        while !self.ended {
            self.advance()?;
        }
        Ok(())
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() && !self.ended {
            self.advance()?;
        }
        let read = (&self.piece[self.taken..]).read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tar::{Builder, Header};

    use super::*;

    /// The data of a link is its target.
    fn packed(entries: &[(&str, EntryType, u32, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, kind, mode, data) in entries {
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(*mode);
            let is_link = *kind == EntryType::Symlink;
            if is_link {
                header.as_old_mut().linkname[..data.len()].copy_from_slice(data);
            }
            let data = if is_link { b"" } else { *data };
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, data).unwrap();
        }
        zstd::encode_all(&*builder.into_inner().unwrap(), 1).unwrap()
    }

    #[test]
    fn files_folders_and_executable_bits_arrive() {
        let root = tempfile::tempdir().unwrap();
        let archive = packed(&[
            ("./src", EntryType::Directory, 0o700, b""),
            ("src/run.sh", EntryType::Regular, 0o700, b"echo hi"),
            ("deep/er/a.txt", EntryType::Regular, 0o600, b"abc"),
        ]);
        assert_eq!(unpack_from(&mut &*archive, root.path()).unwrap(), (2, 10));
        let mode = |path: &str| root.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("src/run.sh"), mode("deep/er/a.txt")), (0o755, 0o644));
    }

    #[test]
    fn links_are_kept_as_they_are_and_nothing_is_written_through_them() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = outside.path().to_str().unwrap().as_bytes();
        let archive = packed(&[
            ("lib/current.py", EntryType::Symlink, 0o777, b"v2.py"),
            ("lib/v2.py", EntryType::Regular, 0o644, b"2"),
            ("bin/tool", EntryType::Symlink, 0o777, b"../nothing/there"),
        ]);
        assert_eq!(unpack_from(&mut &*archive, root.path()).unwrap(), (3, 1));
        assert_eq!(fs::read_to_string(root.path().join("lib/current.py")).unwrap(), "2");
        assert_eq!(fs::read_link(root.path().join("bin/tool")).unwrap(), Path::new("../nothing/there"));
        let through = packed(&[
            ("out", EntryType::Symlink, 0o777, target),
            ("out/evil", EntryType::Regular, 0o644, b"x"),
        ]);
        assert!(unpack_from(&mut &*through, root.path()).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_not_a_file_folder_or_link_within_the_project_is_refused() {
        let root = tempfile::tempdir().unwrap();
        for (path, kind) in [
            ("../evil", EntryType::Regular),
            ("/etc/evil", EntryType::Regular),
            ("a/../../evil", EntryType::Regular),
            ("../link", EntryType::Symlink),
            ("link to nothing", EntryType::Symlink),
            ("hard", EntryType::Link),
            ("fifo", EntryType::Fifo),
            ("dev", EntryType::Char),
        ] {
            let problem = unpack_from(&mut &*packed(&[(path, kind, 0o644, b"")]), root.path()).unwrap_err();
            assert_eq!(failure(problem).kind, FailureKind::Archive, "{path}");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_comes_once() {
        let root = tempfile::tempdir().unwrap();
        let twice = packed(&[("a", EntryType::Regular, 0o644, b"1"), ("a", EntryType::Regular, 0o644, b"2")]);
        assert!(unpack_from(&mut &*twice, root.path()).is_err());
    }
}
