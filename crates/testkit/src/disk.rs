//! A small memory file system for tests that fill a disk. Mounting it needs root.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Mounted until dropped.
pub struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// Mounts a disk of `kib` KiB. Returns `None` if this user cannot mount, so that the test can skip itself.
    pub fn new(kib: u64) -> Result<Option<Self>> {
        let dir = tempfile::Builder::new().prefix("disk-").tempdir()?;
        let mounted = mount(&format!("size={kib}k,mode=1777"), dir.path());
        if let Err(error) = mounted {
            eprintln!("skipped: mounting a small disk needs root ({error:#})");
            return Ok(None);
        }
        Ok(Some(Self { dir }))
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Changes the size of the disk.
    pub fn resize(&self, kib: u64) -> Result<()> {
        mount(&format!("remount,size={kib}k"), self.path())
    }

    /// Names of the files on the disk.
    pub fn files(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(self.path())?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.dir.path()).status();
    }
}

fn mount(options: &str, at: &Path) -> Result<()> {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).stdin(Stdio::null());
    let output = command.output().context("mount")?;
    ensure!(output.status.success(), "mount: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
