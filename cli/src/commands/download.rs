//! `engunity download`: a project's files into a folder, or as the archive that the server makes.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use engunity_protocol::path::ProjectPath;
use flate2::read::GzDecoder;
use futures::TryStreamExt;
use serde_json::json;

use crate::{
    app::{App, ProjectRef},
    args,
    download_dir::DownloadDir,
    error::{About, CliError, Result},
    output::{
        plain,
        units::{bytes, count},
    },
};

pub async fn run(app: &mut App, args: args::Download) -> Result<u8> {
    let project = app.project().await?;
    if let Some(file) = &args.archive {
        return archive(app, &project, file).await;
    }
    let dir = args.dir.unwrap_or_else(|| folder_name(&project));
    let is_empty = fs::read_dir(&dir).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !args.force {
        return Err(CliError::new(format!("{} is not empty", dir.display()))
            .hint("engunity download <new folder>, or --force"));
    }
    let mut whole = tempfile::tempfile()?;
    fetch(app, &project, &mut whole).await?;
    io::Seek::rewind(&mut whole)?;
    let target = DownloadDir::create(&dir)?;
    let (files, size) = unpack(&target, whole)?;
    app.try_link(dir.canonicalize()?, &project);
    let answer = json!({"project": project.id, "dir": dir, "files": files, "bytes": size});
    app.out.result(&answer, || {
        format!("downloaded {} ({}) into {}", count(files, "file"), bytes(size), dir.display())
    })?;
    Ok(0)
}

/// A project's name as the name of a folder here.
fn folder_name(project: &ProjectRef) -> PathBuf {
    let title = project.title();
    match ProjectPath::parse(&title.replace('/', "-")) {
        Ok(path) if !path.as_str().starts_with('.') => path.as_str().into(),
        _ => project.id.to_string().into(),
    }
}

async fn archive(app: &App, project: &ProjectRef, file: &Path) -> Result<u8> {
    if file == Path::new("-") {
        fetch(app, project, &mut io::stdout().lock()).await?;
        return Ok(0);
    }
    let mut new = tempfile::NamedTempFile::new_in(
        file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")),
    )
    .about(file.display())?;
    let size = fetch(app, project, &mut new).await?;
    new.persist(file).about(file.display())?;
    app.out.result(&json!({"project": project.id, "file": file, "bytes": size}), || {
        format!("{}: {}", file.display(), bytes(size))
    })?;
    Ok(0)
}

async fn fetch(app: &App, project: &ProjectRef, to: &mut impl Write) -> Result<u64> {
    let spinner = app.out.spinner(format!("downloading {}", plain(&project.title())));
    let response = app.client.archive(project.id).await?;
    let mut body = std::pin::pin!(app.client.body(response));
    let mut size = 0;
    while let Some(chunk) = body.try_next().await? {
        to.write_all(&chunk)?;
        size += chunk.len() as u64;
        spinner.set_message(format!("downloading {}: {}", plain(&project.title()), bytes(size)));
    }
    spinner.finish_and_clear();
    Ok(size)
}

/// Unpacks files, folders and symbolic links; anything else in the archive is refused. Links are made last, so that nothing
/// is written through one.
fn unpack(target: &DownloadDir, archive: impl Read) -> Result<(u64, u64)> {
    let (mut files, mut size, mut links) = (0, 0, Vec::new());
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries().about("archive")? {
        let mut entry = entry.about("archive")?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = match ProjectPath::parse(&name) {
            Ok(path) => path,
            Err(_) if matches!(name.as_str(), "." | "./") => continue,
            Err(error) => {
                return Err(CliError::new(format!(
                    "the archive has an unsafe path {}: {error}",
                    plain(&name)
                )));
            }
        };
        match entry.header().entry_type() {
            tar::EntryType::Directory => target.folder(&path)?,
            tar::EntryType::Regular => {
                let executable = entry.header().mode().unwrap_or(0o644) & 0o100 != 0;
                let modified = entry.header().mtime().ok().map(time);
                size += target.file(&path, executable)?.copy(&mut entry, modified)?;
                files += 1;
            }
            tar::EntryType::Symlink => {
                let to = String::from_utf8_lossy(&entry.link_name_bytes().unwrap_or_default()).into_owned();
                links.push((path, to));
            }
            other => {
                return Err(CliError::new(format!(
                    "the archive has an entry that is not a file: {path} ({other:?})"
                )));
            }
        }
    }
    for (path, to) in &links {
        target.link(path, to)?;
    }
    Ok((files + links.len() as u64, size))
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(entries: &[(&str, tar::EntryType)]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(if kind.is_file() { 2 } else { 0 });
            header.set_mode(0o755);
            header.set_mtime(1_700_000_000);
            if *kind == tar::EntryType::Symlink {
                header.set_link_name_literal("../evil").unwrap();
            }
            header.set_cksum();
            tar.append(&header, if kind.is_file() { &b"hi"[..] } else { &[] }).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn an_archive_is_unpacked_and_a_hostile_one_refused() {
        use tar::EntryType::{Directory, Fifo, Regular, Symlink};
        let dir = tempfile::tempdir().unwrap();
        let target = DownloadDir::create(&dir.path().join("in")).unwrap();
        let good = packed(&[("./", Directory), ("src/", Directory), ("src/a", Regular)]);
        assert_eq!(unpack(&target, &good[..]).unwrap(), (1, 2));
        assert_eq!(fs::read_to_string(dir.path().join("in/src/a")).unwrap(), "hi");
        let modified = fs::metadata(dir.path().join("in/src/a")).unwrap().modified().unwrap();
        assert_eq!(modified, time(1_700_000_000));
        for bad in [("../evil", Regular), ("/evil", Regular), ("pipe", Fifo), ("../evil", Symlink)] {
            assert!(unpack(&target, &packed(&[bad])[..]).is_err(), "{bad:?}");
        }
        assert_eq!(unpack(&target, &packed(&[("link", Symlink)])[..]).unwrap(), (1, 0));
        assert_eq!(fs::read_link(dir.path().join("in/link")).unwrap(), Path::new("../evil"));
        // The link of this archive, and that of the one before.
        assert!(
            unpack(&target, &packed(&[("new", Symlink), ("new", Regular), ("new/x", Regular)])[..]).is_err()
        );
        assert!(unpack(&target, &packed(&[("link/x", Regular)])[..]).is_err());
        assert_eq!(unpack(&target, &packed(&[("link", Regular)])[..]).unwrap(), (1, 2));
        assert!(!dir.path().join("evil").exists());
        assert!(unpack(&target, &good[..good.len() / 2]).is_err());
    }
}
